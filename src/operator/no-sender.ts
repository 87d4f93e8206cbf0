import { sourceLanguage } from '../base/i18n/language-names.js'
import type { Deps } from '../deps.js'
import type { Sender } from '../sender.js'

/** The sender of what the service does by itself, which has no request. */
export const noSender: Sender = {
  ip: null,
  userAgent: null,
  network: '',
  transport: 'body',
  locale: sourceLanguage,
  knownDevice: null
}

/** The sender of an operator's command. The trail names the operator. */
export const operatorSender = ({ config }: Pick<Deps, 'config'>): Sender => ({
  ...noSender,
  operator: config.POSTERN_OPERATOR
})
