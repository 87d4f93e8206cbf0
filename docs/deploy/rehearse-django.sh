#!/bin/sh
# Rehearses the move from Django with an embedded PostgreSQL in a temporary folder:
#   rehearse-django.sh SOURCE [JWT_KEY_FILE [PEOPLE_FILE]]
# SOURCE is a file of dumpdata or the URL of the old database. PEOPLE_FILE is a JSON file
# { "people": [{ "email", "password", "refresh_token" }] } of people who are signed in by way of trial.
# POSTERN is the command (default: npx postern), IMPORT_OPTIONS are further options of the import.
set -eu

source=${1:?usage: rehearse-django.sh SOURCE [JWT_KEY_FILE [PEOPLE_FILE]]}
key=${2:-}
people=${3:-}
postern=${POSTERN:-npx postern}

folder=$(mktemp -d)
service=
finish() {
  if [ -n "$service" ]; then
    kill "$service" 2>/dev/null || true
    wait "$service" 2>/dev/null || true
  fi
  rm -rf "$folder"
}
trap finish EXIT
trap 'exit 1' INT TERM

unset DATABASE_URL SECRET_KEY NODE_ENV
free="const s = require('net').createServer().listen(0, () => { console.log(s.address().port); s.close() })"
export DATA_DIR="$folder/data" PORT="${PORT:-$(node -e "$free")}" LOG_LEVEL=warn
export JWT_ALLAUTH_MFA_TOTP_MODE="${JWT_ALLAUTH_MFA_TOTP_MODE:-optional}"

set -- import django "$source" ${IMPORT_OPTIONS:-}
echo '== dry run'
$postern "$@" --dry-run
if [ -n "$key" ]; then set -- "$@" --sessions --jwt-key "$key"; fi

# The service keeps the database open for the commands.
$postern start > "$folder/service.log" 2>&1 &
service=$!
waited=0
until grep -q 'listens on http' "$folder/service.log"; do
  waited=$((waited + 1))
  if [ "$waited" -gt 240 ] || ! kill -0 "$service" 2>/dev/null; then
    cat "$folder/service.log" >&2
    exit 1
  fi
  sleep 0.5
done
origin=$(sed -n 's/.*listens on \(http:[^ ]*\).*/\1/p' "$folder/service.log" | head -n 1)

echo '== import'
$postern "$@"
echo '== second run'
$postern "$@" --json > "$folder/second.json"
ORIGIN=$origin PEOPLE=$people SECOND=$folder/second.json node --input-type=module -e '
import { readFileSync } from "node:fs"

const read = path => JSON.parse(readFileSync(path, "utf8"))
const { counts } = read(process.env.SECOND)
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
