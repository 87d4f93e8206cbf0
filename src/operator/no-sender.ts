import { sourceLanguage } from '../base/i18n/language-names.js'
import type { Sender } from '../sender.js'

/** The sender of an operator's command, which has no request. */
export const noSender: Sender = {
  ip: null,
  userAgent: null,
  network: '',
  transport: 'body',
  locale: sourceLanguage,
  knownDevice: null
}
