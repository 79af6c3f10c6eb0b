#!/usr/bin/env bash
# Hold the files below deploy/ against the programs that will read them, as far as they are installed here.
# The suite checks the same files without them; this finds what only they know.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
failed=0
missing=()

try() {
    local name=$1
    shift
    if ! command -v "$1" > /dev/null; then missing+=("$name"); return; fi
    if said=$("$@" 2>&1); then echo "ok      $name"; else echo "FAILED  $name"; printf '%s\n' "$said" | tail -n 20; failed=1; fi
}

try "terraform fmt" terraform fmt -check -recursive deploy/terraform
try "cfn-lint" cfn-lint deploy/cloudformation/account.yaml deploy/cloudformation/organization.yaml
try "hadolint" hadolint Containerfile
try "zizmor" zizmor --offline --quiet action.yml
try "actionlint" actionlint
try "shellcheck" shellcheck -S warning deploy/ci/run.sh tools/check_deploy.sh
for version in 1.31 1.34 1.37; do
    try "kubernetes-validate $version" kubernetes-validate --quiet --strict -k "$version" deploy/kubernetes/soc2-pac.yaml
done
try "helm lint" helm lint --strict deploy/helm
try "checkov" checkov --quiet --compact -d deploy/helm -d deploy/cloudformation

if [ ${#missing[@]} -gt 0 ]; then printf 'Not installed here: %s\n' "$(printf '%s, ' "${missing[@]}" | sed 's/, $//')"; fi
exit $failed
