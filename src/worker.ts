import { runWorker } from './run-worker.js'
import { startProcess } from './start-process.js'

const helpText = `Usage: npm run worker [-- --help | --version]

Sends the mails of the service from its own process. It needs the settings of the
service, including DATABASE_URL, SECRET_KEY and EMAIL_HOST. Several workers can
run. Set MAIL_WORKER=false for the service if only workers should send mails.
`

// `npm run worker`
startProcess(helpText, runWorker)
