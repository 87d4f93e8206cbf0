#!/bin/sh
# Rehearses the move from Django with an embedded PostgreSQL in a temporary folder:
#   rehearse-django.sh SOURCE [JWT_KEY_FILE [PEOPLE_FILE]]
# SOURCE is a file of dumpdata or the URL of the old database. PEOPLE_FILE is a JSON file
# { "people": [{ "email", "password", "refresh_token" }] } of people who are signed in by way of trial.
# Settings such as ROLES come from the environment, never from an .env: nothing of an installation is touched, and
# no mail leaves. POSTERN is the command (default: the build of this checkout), IMPORT_OPTIONS are further options
# of the import.
set -eu

usage='usage: rehearse-django.sh SOURCE [JWT_KEY_FILE [PEOPLE_FILE]]'
absolute() {
  case $1 in
    '' | /* | postgresql://* | postgres://*) echo "$1" ;;
    *) echo "$PWD/$1" ;;
  esac
}
source=$(absolute "${1:?$usage}")
key=$(absolute "${2:-}")
people=$(absolute "${3:-}")
here=$(cd "$(dirname "$0")" && pwd)
postern=${POSTERN:-node $here/../../dist/postern.js}

folder=$(mktemp -d)
service=
finish() {
  if [ -n "$service" ]; then
    kill "$service" 2>/dev/null || true
    wait "$service" 2>/dev/null || true
  fi
  # Started by root, the database may be in a directory that its user can reach.
  database=$(readlink "$folder/data/postgres" || true)
  case $database in */data-*) rm -rf "$database" ;; esac
  rm -rf "$folder"
}
trap finish EXIT
trap 'exit 1' INT TERM
chmod 711 "$folder"
cd "$folder"

unset DATABASE_URL DATABASE_URL_FILE SECRET_KEY SECRET_KEY_FILE NODE_ENV EMAIL_HOST REDIS_URL BASE_PATH METRICS_PORT
free="const s = require('net').createServer().listen(0, () => { console.log(s.address().port); s.close() })"
PORT=$(node -e "$free")
export PORT HOST=127.0.0.1 DATA_DIR="$folder/data" LOG_LEVEL=warn
# One network signs everybody in.
export RATE_LIMIT_ENABLED=false LOGIN_FAILURES_PER_NETWORK=1000/15m
export JWT_ALLAUTH_MFA_TOTP_MODE="${JWT_ALLAUTH_MFA_TOTP_MODE:-optional}"

# The service keeps the database open for the commands.
$postern start > service.log 2>&1 &
service=$!
is_ready="fetch('http://127.0.0.1:$PORT/health/ready').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"
waited=0
until node -e "$is_ready"; do
  waited=$((waited + 1))
  if [ "$waited" -gt 240 ] || ! kill -0 "$service" 2>/dev/null; then
    cat service.log >&2
    exit 1
  fi
  sleep 0.2
done

# shellcheck disable=SC2086 # the options are words
set -- import django "$source" ${IMPORT_OPTIONS:-}
if [ -n "$key" ]; then set -- "$@" --sessions --jwt-key "$key"; fi
echo '== dry run'
$postern "$@" --dry-run
echo '== import'
$postern "$@"
echo '== second run'
$postern "$@" --json > second.json
ORIGIN=http://127.0.0.1:$PORT PEOPLE=$people node --input-type=module -e '
import { readFileSync } from "node:fs"

const read = path => JSON.parse(readFileSync(path, "utf8"))
const { counts } = read("second.json")
console.log(`unchanged: ${counts.unchanged}, imported: ${counts.imported}, updated: ${counts.updated}`)
if (counts.imported + counts.updated > 0) throw new Error("The second run found something to do.")

const post = async (path, body) => {
  const answer = await fetch(`${process.env.ORIGIN}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-refresh-transport": "body" },
    body: JSON.stringify(body)
  })
  return { status: answer.status, body: await answer.json() }
}
const people = process.env.PEOPLE ? read(process.env.PEOPLE).people : []
if (people.length > 0) console.log("== sign-ins")
for (const { email, password, refresh_token: refresh } of people) {
  if (!email || !password) continue
  const { status, body } = await post("/login/", { email, password })
  const outcome = body.mfa_required ? "second factor" : status === 200 ? "signed in" : body.code
  console.log(`${email}: ${outcome}`)
  if (!refresh) continue
  const exchanged = await post("/refresh/", { refresh })
  console.log(`${email}: ${exchanged.status === 200 ? "session taken over" : exchanged.body.code}`)
}
'
echo '== done'
