"use strict";
(() => {
  // Works without it. With it: choosing filters at once, sorting the rows of a page, and links that sign in.
  const token = document.getElementById("token");
  if (token && location.hash.length > 1) {
    // What stands behind # is not sent to any server; it leaves the address and the history with it.
    token.value = location.hash.slice(1);
    history.replaceState(null, "", location.pathname);
  }
  for (const form of document.querySelectorAll("form.tools")) {
    for (const select of form.querySelectorAll("select")) {
      select.addEventListener("change", () => form.requestSubmit());
    }
    form.addEventListener("submit", () => {
      // Addresses without empty filters are shorter, and the same.
      for (const field of form.querySelectorAll("input,select")) {
        field.disabled = field.value === "";
      }
    });
  }
  for (const table of document.querySelectorAll(".scroll > table")) {
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
        const order = new Intl.Collator("en", { numeric: true });
        const rows = [...table.tBodies[0].rows];
        const value = (row) => row.cells[place].textContent.trim().replaceAll(",", "");
        rows.sort((a, b) => order.compare(value(a), value(b)));
        table.tBodies[0].append(...(down ? rows.reverse() : rows));
      });
    });
  }
})();
