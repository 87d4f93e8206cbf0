import { groups } from './settings.js'

const names = Object.entries(groups).map(
  ([heading, settings]) => `  ${heading}\n    ${Object.keys(settings).join('\n    ')}`
)

/** Sources and names of all settings. */
export const settingsHelp = `Settings come from the environment or from a file .env in the working directory;
docs/settings.md describes each, .env.example lists them:

${names.join('\n\n')}`

/** The output of `npm start -- --help`. */
export const helpText = `Usage: npm start [-- --help | --version]

Starts the authentication service. Without settings it stores an embedded PostgreSQL
and its keys in ./data and listens on http://127.0.0.1:3000.

${settingsHelp}`
