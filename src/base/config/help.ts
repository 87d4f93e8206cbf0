import { groups } from './settings.js'

const names = Object.entries(groups).map(
  ([heading, settings]) => `  ${heading}\n    ${Object.keys(settings).join('\n    ')}`
)

/** Where settings come from, and all their names. */
export const settingsHelp = `Settings come from the environment or from a file .env in the working directory;
docs/settings.md describes each, .env.example lists them:

${names.join('\n\n')}`

/** What `npm start -- --help` prints. */
export const helpText = `Usage: npm start [-- --help | --version]

Starts the authentication service. Without settings it keeps its own PostgreSQL
and keys in ./data and listens on http://127.0.0.1:3000.

${settingsHelp}`
