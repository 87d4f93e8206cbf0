import type { Config } from '../base/config/load.js'

export type LinkPurpose =
  | 'email_verification'
  | 'password_reset'
  | 'email_change'
  | 'email_change_undo'
  | 'invitation'
  | 'account_deletion_undo'

/** A user id in a reset link: the bytes of the UUID in base64url (`uidb64` of django-jwt-allauth). */
export const encodeUserId = (userId: string): string =>
  Buffer.from(userId.replaceAll('-', ''), 'hex').toString('base64url')

const paths: Record<LinkPurpose, (userId: string, token: string) => string> = {
  email_verification: (_, token) => `/registration/verification/${token}/`,
  invitation: (_, token) => `/registration/verification/${token}/`,
  password_reset: (userId, token) => `/password/reset/confirm/${encodeUserId(userId)}/${token}/`,
  email_change: (_, token) => `/user/email/confirm/${token}/`,
  email_change_undo: (_, token) => `/user/email/undo/${token}/`,
  account_deletion_undo: (_, token) => `/user/delete/undo/${token}/`
}

/** The absolute URL of a link. Its origin comes from the settings, never from a request (LNK-10). */
export function linkUrl(
  { PUBLIC_URL, BASE_PATH }: Pick<Config, 'PUBLIC_URL' | 'BASE_PATH'>,
  link: { purpose: LinkPurpose; userId: string; token: string }
): string {
  return `${PUBLIC_URL}${BASE_PATH}${paths[link.purpose](link.userId, link.token)}`
}
