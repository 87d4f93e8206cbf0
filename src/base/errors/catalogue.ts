/**
 * Every `code` of an error answer, with its HTTP status. The sentences are in
 * `views/locales/<lang>.json` under `errors`; the code is the same in every language.
 */
export const catalogue = {
  validation_error: 400,
  malformed_body: 400,
  refresh_missing: 400,
  incorrect_password: 400,
  password_required: 400,
  email_taken: 400,
  link_invalid: 400,
  invalid_code: 400,
  challenge_invalid: 400,
  totp_already_active: 400,
  totp_not_active: 400,
  setup_not_started: 400,
  invitation_accepted: 400,
  not_authenticated: 401,
  bad_authorization_header: 401,
  token_not_valid: 401,
  refresh_reused: 401,
  session_expired: 401,
  incorrect_credentials: 401,
  no_active_account: 401,
  email_not_verified: 401,
  capability_invalid: 401,
  setup_challenge_invalid: 401,
  permission_denied: 403,
  cross_site_request: 403,
  reauthentication_required: 403,
  mfa_disabled: 403,
  mfa_required_by_policy: 403,
  not_found: 404,
  method_not_allowed: 405,
  payload_too_large: 413,
  unsupported_media_type: 415,
  throttled: 429,
  header_too_large: 431,
  internal_error: 500,
  busy: 503,
  unavailable: 503
} as const satisfies Record<string, number>

export type ProblemCode = keyof typeof catalogue
