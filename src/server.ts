import { helpText } from './base/config/help.js'
import { runService } from './run-service.js'
import { startProcess } from './start-process.js'

// `npm start`
startProcess(helpText, runService)
