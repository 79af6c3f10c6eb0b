"use strict";
(() => {
  // Filters and sorts what stands on the page; it asks nobody for anything.
  for (const list of document.querySelectorAll("[data-list]")) {
    const items = [...list.querySelectorAll("[data-item]")];
    const count = list.querySelector(".count");
    const tools = list.querySelector(".tools");
    const said = count ? count.textContent : "";
    if (tools && items.length) {
      tools.hidden = false;
      const input = tools.querySelector("input");
      const chips = [...tools.querySelectorAll("button")];
      const texts = items.map((item) => item.textContent.toLowerCase());
      const words = items.map((item) =>
        [...item.querySelectorAll(".badge")].map((badge) => badge.textContent.toLowerCase()).concat(
          [...item.querySelectorAll("td")].map((cell) => cell.textContent.toLowerCase())));
      const apply = () => {
        const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
        const chosen = chips.filter((chip) => chip.getAttribute("aria-pressed") === "true").map((chip) => chip.dataset.word);
        let shown = 0;
        items.forEach((item, place) => {
          const fits = wanted.every((word) => texts[place].includes(word)) &&
            (!chosen.length || chosen.some((word) => words[place].includes(word)));
          item.hidden = !fits;
          shown += fits ? 1 : 0;
        });
        if (count) {
          count.textContent = wanted.length || chosen.length ? `${shown.toLocaleString("en-US")} match; ${said}` : said;
        }
      };
      input.addEventListener("input", apply);
      for (const chip of chips) {
        chip.setAttribute("aria-pressed", "false");
        chip.addEventListener("click", () => {
          chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
          apply();
        });
      }
    }
    for (const table of list.querySelectorAll(".scroll > table")) {
      const heads = [...table.tHead.rows[0].cells];
      heads.forEach((head, place) => {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = head.textContent;
        head.replaceChildren(button);
        button.addEventListener("click", () => {
          const down = head.getAttribute("aria-sort") === "ascending";
          heads.forEach((other) => other.removeAttribute("aria-sort"));
          head.setAttribute("aria-sort", down ? "descending" : "ascending");
          const rows = [...table.tBodies[0].rows];
          const order = new Intl.Collator("en", { numeric: true });
          const value = (row) => row.cells[place].dataset.v ?? row.cells[place].textContent.replaceAll(",", "");
          rows.sort((a, b) => order.compare(value(a), value(b)));
          table.tBodies[0].append(...(down ? rows.reverse() : rows));
        });
      });
    }
  }
  // Whoever follows a link to something that is closed finds it open.
  const open = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target instanceof HTMLDetailsElement) {
      target.open = true;
    }
  };
  addEventListener("hashchange", open);
  // On paper everything is open.
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
  open();
})();
