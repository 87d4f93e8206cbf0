// `npm run size`: the rooms of `src`, and how many lines of TypeScript each part has. What Prisma
// generates is not counted.
import { readdirSync, readFileSync, statSync } from 'node:fs'

const root = new URL('../', import.meta.url).pathname

function linesOf(folder) {
  const files = statSync(`${root}${folder}`).isDirectory()
    ? readdirSync(`${root}${folder}`, { recursive: true }).map(name => `${folder}/${name}`)
    : [folder]
  return files
    .filter(name => name.endsWith('.ts') && !name.includes('/database/client/'))
    .reduce((sum, name) => sum + readFileSync(`${root}${name}`, 'utf8').split('\n').length - 1, 0)
}

const row = (name, lines) => console.log(`${String(lines).padStart(7)}  ${name}`)

const rooms = readdirSync(`${root}src`, { withFileTypes: true }).filter(entry =>
  entry.isDirectory()
)
for (const { name } of rooms) row(`src/${name}`, linesOf(`src/${name}`))
for (const part of ['src', 'plugins', 'routes']) row(part, linesOf(part))
const sum = ['src', 'plugins', 'routes'].reduce((lines, part) => lines + linesOf(part), 0)
row(`lines in src, plugins and routes; ${rooms.length} folders in src`, sum)
