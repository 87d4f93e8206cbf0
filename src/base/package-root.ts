import { fileURLToPath } from 'node:url'

/** The folder of package.json, for source files and for compiled files in `dist`. */
export const packageRoot = fileURLToPath(new URL('./', import.meta.resolve('#package.json')))
