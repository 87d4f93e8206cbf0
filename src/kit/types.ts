// Made by `npm run docs` from docs/openapi.json; changes here are lost.

/** The operations of each path. */
export interface paths {
  "/": { parameters: {}; get: operations['showHome'] }
  "/.well-known/change-password": { parameters: {}; get: operations['changePasswordPage'] }
  "/.well-known/jwks.json": { parameters: {}; get: operations['readKeys'] }
  "/.well-known/oauth-authorization-server": { parameters: {}; get: operations['readMetadata'] }
  "/.well-known/openid-configuration": { parameters: {}; get: operations['readOpenidMetadata'] }
  "/account/": { parameters: {}; get: operations['showAccount'] }
  "/account/activity/": { parameters: {}; get: operations['showActivity'] }
  "/account/delete/": { parameters: {}; get: operations['showDeletion']; post: operations['deleteAccount'] }
  "/account/devices/": { parameters: {}; get: operations['showDevices'] }
  "/account/devices/end-others/": { parameters: {}; post: operations['endOtherDevices'] }
  "/account/devices/end/": { parameters: {}; post: operations['endDevice'] }
  "/account/email/": { parameters: {}; get: operations['showEmail']; post: operations['saveEmail'] }
  "/account/export/": { parameters: {}; get: operations['showExport']; post: operations['downloadExport'] }
  "/account/mfa/": { parameters: {}; get: operations['showSecondFactor'] }
  "/account/mfa/codes/": {
    parameters: {}
    get: operations['showNewRecoveryCodes']
    post: operations['leaveNewRecoveryCodes']
  }
  "/account/mfa/off/": { parameters: {}; post: operations['turnSecondFactorOff'] }
  "/account/mfa/renew/": { parameters: {}; post: operations['renewCodes'] }
  "/account/mfa/setup/": {
    parameters: {}
    get: operations['showSecondFactorSetup']
    post: operations['turnSecondFactorOn']
  }
  "/account/password/": { parameters: {}; get: operations['showPassword']; post: operations['savePassword'] }
  "/account/profile/": { parameters: {}; get: operations['showProfile']; post: operations['saveProfile'] }
  "/auth/verify/": { parameters: {}; get: operations['verifyRequest'] }
  "/health/live": { parameters: {}; get: operations['live'] }
  "/health/ready": { parameters: {}; get: operations['ready'] }
  "/invitations/": { parameters: {}; get: operations['listInvitations'] }
  "/invitations/{id}/": { parameters: {}; delete: operations['revokeInvitation'] }
  "/invitations/{id}/resend/": { parameters: {}; post: operations['resendInvitation'] }
  "/login/": { parameters: {}; get: operations['showLogin']; post: operations['login'] }
  "/logout-all/": { parameters: {}; post: operations['logoutAll'] }
  "/logout/": { parameters: {}; get: operations['showLogout']; post: operations['logout'] }
  "/mfa/activate/": { parameters: {}; post: operations['activateMfa'] }
  "/mfa/authenticators/": { parameters: {}; get: operations['listAuthenticators'] }
  "/mfa/challenge/page/": {
    parameters: {}
    get: operations['showMfaChallenge']
    post: operations['answerMfaChallenge']
  }
  "/mfa/deactivate/": { parameters: {}; post: operations['deactivateMfa'] }
  "/mfa/recovery-codes/": { parameters: {}; post: operations['renewRecoveryCodes'] }
  "/mfa/setup/": { parameters: {}; get: operations['showMfaSetup']; post: operations['beginMfaSetup'] }
  "/mfa/setup/page/": { parameters: {}; post: operations['finishMfaSetup'] }
  "/mfa/setup/page/codes/": { parameters: {}; get: operations['showRecoveryCodes'] }
  "/mfa/setup/page/done/": { parameters: {}; post: operations['leaveMfaSetup'] }
  "/mfa/verify-recovery/": { parameters: {}; post: operations['verifyMfaByRecoveryCode'] }
  "/mfa/verify/": { parameters: {}; post: operations['verifyMfa'] }
  "/password/change/": { parameters: {}; post: operations['changePassword'] }
  "/password/reset/": {
    parameters: {}
    get: operations['showPasswordResetRequest']
    post: operations['requestPasswordReset']
  }
  "/password/reset/code/": {
    parameters: {}
    get: operations['showPasswordResetCode']
    post: operations['openPasswordResetByCode']
  }
  "/password/reset/complete/": { parameters: {}; get: operations['showPasswordResetDone'] }
  "/password/reset/confirm/{uid}/{token}/": { parameters: {}; get: operations['openPasswordReset'] }
  "/password/reset/default/": { parameters: {}; get: operations['showPasswordResetForm'] }
  "/password/reset/set-new/": { parameters: {}; post: operations['setNewPassword'] }
  "/reauthenticate/": { parameters: {}; post: operations['reauthenticate'] }
  "/refresh/": { parameters: {}; post: operations['refresh'] }
  "/registration/": { parameters: {}; get: operations['showRegistration']; post: operations['register'] }
  "/registration/account_email_verification_sent/": { parameters: {}; get: operations['showVerificationSent'] }
  "/registration/invitation/resend/": { parameters: {}; post: operations['askInvitationAgain'] }
  "/registration/set-password/": { parameters: {}; post: operations['setFirstPassword'] }
  "/registration/set-password/default/": { parameters: {}; get: operations['showSetPasswordForm'] }
  "/registration/user-register/": { parameters: {}; post: operations['invite'] }
  "/registration/verification/": {
    parameters: {}
    get: operations['showVerification']
    post: operations['confirmVerificationByPage']
  }
  "/registration/verification/code/": { parameters: {}; post: operations['confirmVerificationByCode'] }
  "/registration/verification/resend/": { parameters: {}; post: operations['resendVerification'] }
  "/registration/verification/{key}/": {
    parameters: {}
    get: operations['openVerification']
    post: operations['confirmVerification']
  }
  "/registration/verified/": { parameters: {}; get: operations['showVerified'] }
  "/sessions/": { parameters: {}; get: operations['listSessions'] }
  "/sessions/revoke-others/": { parameters: {}; post: operations['endOtherSessions'] }
  "/sessions/{id}/": { parameters: {}; delete: operations['endSession'] }
  "/user/": {
    parameters: {}
    get: operations['readUser']
    put: operations['replaceUser']
    delete: operations['deleteUser']
    patch: operations['updateUser']
  }
  "/user/activity/": { parameters: {}; get: operations['listActivity'] }
  "/user/delete/undo/": {
    parameters: {}
    get: operations['showAccountDeletionUndo']
    post: operations['undoAccountDeletionByPage']
  }
  "/user/delete/undo/{key}/": {
    parameters: {}
    get: operations['openAccountDeletionUndo']
    post: operations['undoAccountDeletion']
  }
  "/user/email/confirm/": {
    parameters: {}
    get: operations['showEmailChange']
    post: operations['confirmEmailChangeByPage']
  }
  "/user/email/confirm/{key}/": {
    parameters: {}
    get: operations['openEmailChange']
    post: operations['confirmEmailChange']
  }
  "/user/email/undo/": {
    parameters: {}
    get: operations['showEmailChangeUndo']
    post: operations['undoEmailChangeByPage']
  }
  "/user/email/undo/{key}/": {
    parameters: {}
    get: operations['openEmailChangeUndo']
    post: operations['undoEmailChange']
  }
  "/user/export/": { parameters: {}; get: operations['exportAccount'] }
}

/** The bodies of requests and answers, by name. */
export interface components {
  schemas: {
    ActivateMfaRequest: {
      /** The six digits that the authenticator app shows. */
      code: string
      /** The challenge from the answer to the sign-in or sign-up. */
      setup_challenge_id?: string
    }
    /** The second factor is on. Tokens are present when a setup challenge was sent and the address needs no confirmation. */
    ActivateMfaResponse: {
      success: true
      /** Ten codes. Each one replaces a code of the app once. They are not shown again. */
      recovery_codes: (string)[]
      /** Access token, a JWT of type `at+jwt`. */
      access?: string
      /** Seconds that the access token has left. */
      expires_in?: number
      /** Refresh token. Absent with cookie transport: it is in the `refresh_token` cookie. */
      refresh?: string
      /** Present when the address must be confirmed before tokens are issued. */
      detail?: string
    }
    ActivityEvent: {
      id: string
      at: string
      /** A stable name, for example `login`. */
      event: string
      /** `success` or `failure`. */
      outcome: string
      /** True when this account did it, false for other people and operators. */
      by_you: boolean
      /** The session that did it, or that it was done to. */
      session: string | null
      /** Network of the sender: an IPv4 address or an IPv6 /64. */
      network: string | null
      /** User agent of the sender. */
      user_agent: string | null
    }
    AnswerMfaChallengeRequest: {
      /** The six digits that the authenticator app shows. */
      code?: string
      /** One of the recovery codes. Case, spaces and dashes do not matter. */
      recovery_code?: string
      /** The challenge from the answer to the sign-in. */
      challenge_id?: string
    }
    Authenticator: {
      id: string
      /** `totp` or `recovery_codes`. */
      type: string
      created_at: string
      last_used_at: string | null
      /** Only for recovery codes: the number of unused codes. */
      codes_left?: number
    }
    /** The authenticators of the account. Empty without a second factor. */
    Authenticators: (components['schemas']['Authenticator'])[]
    BeginMfaSetupRequest: {
      /** The challenge from the answer to the sign-in or sign-up. */
      setup_challenge_id?: string
    }
    /** The secret. It waits five minutes for its first code. */
    BeginMfaSetupResponse: {
      /** The secret in base32, for typing into an app. */
      secret: string
      /** The secret as an `otpauth:` URI. */
      provisioning_uri: string
      /** The URI as a QR code: an SVG document. */
      qr_code: string
    }
    ChangePasswordRequest: { old_password: string; new_password1: string; new_password2: string }
    /** Changed. */
    ChangePasswordResponse: {
      /** Access token, a JWT of type `at+jwt`. */
      access?: string
      /** Seconds that the access token has left. */
      expires_in?: number
      /** Refresh token. Absent with cookie transport: it is in the `refresh_token` cookie. */
      refresh?: string
      /** The second factor is needed. There are no tokens yet. */
      mfa_required?: boolean
      /** Send it to `/mfa/verify/` or `/mfa/verify-recovery/` within five minutes. */
      challenge_id?: string
      /** A second factor must be set up first. There are no tokens yet. */
      mfa_setup_required?: boolean
      /** Send it to `/mfa/setup/` and `/mfa/activate/`. It works for nothing else. */
      setup_challenge_id?: string
      detail: string
    }
    ConfirmEmailChangeByPageRequest: Record<string, never>
    ConfirmEmailChangeRequest: Record<string, never>
    ConfirmVerificationByCodeRequest: {
      /** E-mail address. */
      email: string
      /** The eight letters from the mail. Case, spaces and dashes do not matter. */
      code: string
      password?: string
      new_password1?: string
      new_password2?: string
    }
    /** Confirmed. */
    ConfirmVerificationByCodeResponse: {
      /** Access token, a JWT of type `at+jwt`. */
      access?: string
      /** Seconds that the access token has left. */
      expires_in?: number
      /** Refresh token. Absent with cookie transport: it is in the `refresh_token` cookie. */
      refresh?: string
      /** The second factor is needed. There are no tokens yet. */
      mfa_required?: boolean
      /** Send it to `/mfa/verify/` or `/mfa/verify-recovery/` within five minutes. */
      challenge_id?: string
      /** A second factor must be set up first. There are no tokens yet. */
      mfa_setup_required?: boolean
      /** Send it to `/mfa/setup/` and `/mfa/activate/`. It works for nothing else. */
      setup_challenge_id?: string
      detail: string
    }
    ConfirmVerificationByPageRequest: { password?: string; new_password1?: string; new_password2?: string }
    ConfirmVerificationRequest: { password?: string; new_password1?: string; new_password2?: string }
    DeactivateMfaRequest: {
      password: string
      /** The six digits that the authenticator app shows. */
      code?: string
      /** One of the recovery codes. Case, spaces and dashes do not matter. */
      recovery_code?: string
    }
    /** The second factor is off. */
    DeactivateMfaResponse: { success: true }
    DeleteAccountRequest: {
      password: string
      /** The six digits that the authenticator app shows. */
      code?: string
      /** One of the recovery codes. Case, spaces and dashes do not matter. */
      recovery_code?: string
    }
    DeleteUserRequest: {
      /** Needed when the last sign-in or re-authentication is more than ten minutes old. */
      password?: string
      /** The six digits that the authenticator app shows. */
      code?: string
      /** One of the recovery codes. Case, spaces and dashes do not matter. */
      recovery_code?: string
    }
    /** The account is closed. */
    DeleteUserResponse: {
      detail: string
      /** Until then the deletion can be undone. Null: the account is erased. */
      erase_at: string | null
    }
    /** Done. */
    Detail: { detail: string }
    DownloadExportRequest: { password: string }
    /** Everything that is stored about the person, without secrets. */
    DownloadExportResponse: {
      /** Rises when a field changes its meaning or goes away. New fields may come. */
      version: number
      created_at: string
      account: {
        id: string
        email: string
        email_verified_at: string | null
        /** The new address, while it waits for its confirmation. */
        pending_email: string | null
        first_name: string
        last_name: string
        role: number
        role_name: string
        /** The language for mails. */
        locale: string | null
        has_password: boolean
        created_at: string
        last_login_at: string | null
        /** The key in the installation that the account was imported from. */
        legacy_id: string | number | null
      }
      sessions: ({
        id: string
        current: boolean
        created_at: string
        auth_time: string
        last_used_at: string
        expires_at: string
        transport: string
        amr: (string)[]
        /** Address at the last sign-in or refresh. */
        ip: string | null
        /** User agent at the last sign-in or refresh. */
        user_agent: string | null
      })[]
      authenticators: ({
        id: string
        type: string
        created_at: string
        last_used_at: string | null
        codes_left?: number
      })[]
      activity: ({
        id: string
        at: string
        event: string
        outcome: string
        /** This account did it. */
        by_you: boolean
        /** It was done to this account. False, for example, for a sent invitation. */
        about_you: boolean
        /** The session that did it, or that it was done to. */
        session: string | null
        /** Network of the sender. */
        network: string | null
        /** User agent of the sender. */
        user_agent: string | null
        details: Record<string, string | number | boolean | (string)[] | null>
      })[]
      /** Mails of the last 30 days. */
      mails: ({
        template: string
        recipient: string
        state: string
        created_at: string
        settled_at: string | null
      })[]
      links: ({
        purpose: string
        address: string
        created_at: string
        expires_at: string
        redeemed_at: string | null
      })[]
      invitations: {
        received: { role: number; role_name: string; created_at: string; accepted_at: string | null } | null
        sent: ({
          email: string
          role: number
          role_name: string
          created_at: string
          accepted_at: string | null
        })[]
      }
      /** Accounts of social providers. */
      identities: ({ provider: string; uid: string; created_at: string })[]
      undo_right: { address: string; created_at: string; expires_at: string } | null
      imported_at: string | null
      imported_sessions: ({ session: string; created_at: string; expires_at: string; ended_at: string | null })[]
    }
    EmailRequest: {
      /** E-mail address. */
      email: string
    }
    EndDeviceRequest: { id: string }
    EndOtherDevicesRequest: Record<string, never>
    EndOtherSessionsRequest: Record<string, never>
    /** Done. */
    EndOtherSessionsResponse: {
      detail: string
      /** How many sessions ended. */
      revoked: number
    }
    /** Everything that is stored about the person, without secrets. */
    ExportAccountResponse: {
      /** Rises when a field changes its meaning or goes away. New fields may come. */
      version: number
      created_at: string
      account: {
        id: string
        email: string
        email_verified_at: string | null
        /** The new address, while it waits for its confirmation. */
        pending_email: string | null
        first_name: string
        last_name: string
        role: number
        role_name: string
        /** The language for mails. */
        locale: string | null
        has_password: boolean
        created_at: string
        last_login_at: string | null
        /** The key in the installation that the account was imported from. */
        legacy_id: string | number | null
      }
      sessions: ({
        id: string
        current: boolean
        created_at: string
        auth_time: string
        last_used_at: string
        expires_at: string
        transport: string
        amr: (string)[]
        /** Address at the last sign-in or refresh. */
        ip: string | null
        /** User agent at the last sign-in or refresh. */
        user_agent: string | null
      })[]
      authenticators: ({
        id: string
        type: string
        created_at: string
        last_used_at: string | null
        codes_left?: number
      })[]
      activity: ({
        id: string
        at: string
        event: string
        outcome: string
        /** This account did it. */
        by_you: boolean
        /** It was done to this account. False, for example, for a sent invitation. */
        about_you: boolean
        /** The session that did it, or that it was done to. */
        session: string | null
        /** Network of the sender. */
        network: string | null
        /** User agent of the sender. */
        user_agent: string | null
        details: Record<string, string | number | boolean | (string)[] | null>
      })[]
      /** Mails of the last 30 days. */
      mails: ({
        template: string
        recipient: string
        state: string
        created_at: string
        settled_at: string | null
      })[]
      links: ({
        purpose: string
        address: string
        created_at: string
        expires_at: string
        redeemed_at: string | null
      })[]
      invitations: {
        received: { role: number; role_name: string; created_at: string; accepted_at: string | null } | null
        sent: ({
          email: string
          role: number
          role_name: string
          created_at: string
          accepted_at: string | null
        })[]
      }
      /** Accounts of social providers. */
      identities: ({ provider: string; uid: string; created_at: string })[]
      undo_right: { address: string; created_at: string; expires_at: string } | null
      imported_at: string | null
      imported_sessions: ({ session: string; created_at: string; expires_at: string; ended_at: string | null })[]
    }
    FinishMfaSetupRequest: {
      /** The six digits that the authenticator app shows. */
      code?: string
      /** The challenge from the answer to the sign-in or sign-up. */
      setup_challenge_id?: string
    }
    /** The process runs, or the service is ready. */
    Health: { status: string }
    Invitation: {
      id: string
      email: string
      role: number
      role_name: string
      /** `pending`, `expired` or `accepted`. */
      state: string
      /** Address of the inviter. Null when an operator invited, or when the inviter’s account is gone. */
      inviter: string | null
      created_at: string
      expires_at: string | null
      accepted_at: string | null
    }
    InviteRequest: {
      /** E-mail address. */
      email: string
      /** Number of the role. */
      role: number
      first_name?: string
      last_name?: string
    }
    /** Invited. */
    InviteResponse: Record<string, unknown>
    /** A JSON Web Key Set. */
    KeySet: { keys: (components['schemas']['PublicKey'])[] }
    LeaveMfaSetupRequest: { saved?: "yes" }
    LeaveNewRecoveryCodesRequest: { saved?: "yes" }
    /** Events of the account, newest first. */
    ListActivityResponse: {
      results: (components['schemas']['ActivityEvent'])[]
      /** The value of `before` for the next page. Null on the last page. */
      next: string | null
    }
    /** Invitations, newest first. */
    ListInvitationsResponse: {
      results: (components['schemas']['Invitation'])[]
      /** The value of `before` for the next page. Null on the last page. */
      next: string | null
    }
    /** The live sessions, most recently used first. */
    ListSessionsResponse: {
      results: (components['schemas']['Session'])[]
      /** Always null: the list has one page. */
      next: null
    }
    LoginRequest: {
      /** E-mail address. */
      email: string
      password: string
    }
    LogoutAllRequest: Record<string, never>
    /** Metadata of the service. */
    Metadata: {
      /** `iss` of tokens. */
      issuer: string
      jwks_uri: string
      /** Empty: no OAuth flow is offered. */
      response_types_supported: (string)[]
      /** Empty, too. */
      grant_types_supported: (string)[]
      /** `sub` is the same for every client. */
      subject_types_supported: (string)[]
      /** The algorithms of the published keys, under the name where verifiers look for it. */
      id_token_signing_alg_values_supported: (string)[]
      /** Languages of pages, mails and sentences. */
      ui_locales_supported: (string)[]
      service_documentation: string
      login_endpoint: string
      refresh_endpoint: string
      logout_endpoint: string
      user_endpoint: string
      verify_endpoint: string
    }
    /** The second factor is needed. There are no tokens yet. */
    MfaRequired: {
      mfa_required: true
      /** Send it to `/mfa/verify/` or `/mfa/verify-recovery/` within five minutes. */
      challenge_id: string
    }
    /** A second factor must be set up first. There are no tokens yet. */
    MfaSetupRequired: {
      mfa_setup_required: true
      /** Send it to `/mfa/setup/` and `/mfa/activate/`. It works for nothing else. */
      setup_challenge_id: string
    }
    OpenPasswordResetByCodeRequest: {
      /** E-mail address. */
      email: string
      /** The eight letters from the mail. Case, spaces and dashes do not matter. */
      code: string
    }
    Problem: {
      /** A sentence for people. Its language follows the account or `Accept-Language`. */
      detail: string
      /** A stable name for programs. */
      code: string
      /** Sentences about what is wrong, by field of the request. */
      errors?: Record<string, (string)[]>
    }
    /** A public key (RFC 7517). */
    PublicKey: {
      kty: string
      kid: string
      alg: string
      use: string
      crv?: string
      x?: string
      y?: string
      n?: string
      e?: string
    }
    ReauthenticateRequest: {
      password: string
      /** The six digits that the authenticator app shows. */
      code?: string
      /** One of the recovery codes. Case, spaces and dashes do not matter. */
      recovery_code?: string
    }
    /** Authenticated. */
    ReauthenticateResponse: {
      /** Access token, a JWT of type `at+jwt`. */
      access: string
      /** Seconds that the access token has left. */
      expires_in: number
    }
    RefreshRequest: {
      /** The refresh token, with body transport; with the cookie absent or null. */
      refresh?: string | null
    }
    RegisterRequest: {
      /** E-mail address. */
      email: string
      password1: string
      password2: string
      first_name?: string
      last_name?: string
    }
    /** Signed up. Tokens are present unless the address must be confirmed or a second factor set up first. When it must be confirmed, a taken address gets the same answer; its setup challenge fails like an expired one. */
    RegisterResponse: {
      /** The address in its canonical form. */
      email: string
      /** The access token again, under the name that older clients use. */
      key?: string
      /** Access token, a JWT of type `at+jwt`. */
      access?: string
      /** Seconds that the access token has left. */
      expires_in?: number
      /** Refresh token. Absent with cookie transport: it is in the `refresh_token` cookie. */
      refresh?: string
      /** The second factor is needed. There are no tokens yet. */
      mfa_required?: boolean
      /** Send it to `/mfa/verify/` or `/mfa/verify-recovery/` within five minutes. */
      challenge_id?: string
      /** A second factor must be set up first. There are no tokens yet. */
      mfa_setup_required?: boolean
      /** Send it to `/mfa/setup/` and `/mfa/activate/`. It works for nothing else. */
      setup_challenge_id?: string
      /** Present when a mail was sent to confirm the address. */
      detail?: string
    }
    RenewCodesRequest: { password: string }
    RenewRecoveryCodesRequest: {
      /** Needed when the last sign-in or re-authentication is more than ten minutes old. */
      password?: string
      /** The six digits that the authenticator app shows. */
      code?: string
      /** One of the recovery codes. Case, spaces and dashes do not matter. */
      recovery_code?: string
    }
    /** Ten new codes. They are not shown again, and the old codes stop working. */
    RenewRecoveryCodesResponse: { recovery_codes: (string)[] }
    ReplaceUserRequest: {
      /** E-mail address. */
      email: string
      first_name?: string
      last_name?: string
      /** Needed when the last sign-in or re-authentication is more than ten minutes old. */
      password?: string
      /** The six digits that the authenticator app shows. */
      code?: string
      /** One of the recovery codes. Case, spaces and dashes do not matter. */
      recovery_code?: string
    }
    ResendInvitationRequest: Record<string, never>
    SaveEmailRequest: {
      /** E-mail address. */
      email: string
      password: string
    }
    SavePasswordRequest: { old_password: string; new_password1: string; new_password2: string }
    SaveProfileRequest: {
      first_name: string
      last_name: string
      /** The language of mails and pages. */
      language?: "en" | "cs" | "de" | "es" | "fr" | "ko" | "pl" | "pt-BR" | "ru" | "tr" | "zh-Hans" | "zh-Hant"
    }
    Session: {
      id: string
      /** Whether it is the session of this request. */
      current: boolean
      created_at: string
      last_used_at: string
      expires_at: string
      /** `cookie` or `body`. */
      transport: string
      /** How the person proved who they are (RFC 8176). */
      amr: (string)[]
      /** Address at the last sign-in or refresh. */
      ip: string | null
      /** Browser, from the user agent. */
      browser: string | null
      /** Operating system, from the user agent. */
      os: string | null
      /** Kind or model of the device, from the user agent. */
      device: string | null
    }
    SetFirstPasswordRequest: { new_password1: string; new_password2: string }
    /** Set. */
    SetFirstPasswordResponse: {
      /** Access token, a JWT of type `at+jwt`. */
      access?: string
      /** Seconds that the access token has left. */
      expires_in?: number
      /** Refresh token. Absent with cookie transport: it is in the `refresh_token` cookie. */
      refresh?: string
      /** The second factor is needed. There are no tokens yet. */
      mfa_required?: boolean
      /** Send it to `/mfa/verify/` or `/mfa/verify-recovery/` within five minutes. */
      challenge_id?: string
      /** A second factor must be set up first. There are no tokens yet. */
      mfa_setup_required?: boolean
      /** Send it to `/mfa/setup/` and `/mfa/activate/`. It works for nothing else. */
      setup_challenge_id?: string
      detail: string
    }
    SetNewPasswordRequest: { new_password1: string; new_password2: string }
    /** Set. */
    SetNewPasswordResponse: {
      /** Access token, a JWT of type `at+jwt`. */
      access?: string
      /** Seconds that the access token has left. */
      expires_in?: number
      /** Refresh token. Absent with cookie transport: it is in the `refresh_token` cookie. */
      refresh?: string
      /** The second factor is needed. There are no tokens yet. */
      mfa_required?: boolean
      /** Send it to `/mfa/verify/` or `/mfa/verify-recovery/` within five minutes. */
      challenge_id?: string
      /** A second factor must be set up first. There are no tokens yet. */
      mfa_setup_required?: boolean
      /** Send it to `/mfa/setup/` and `/mfa/activate/`. It works for nothing else. */
      setup_challenge_id?: string
      detail: string
    }
    /** Signed in, or a challenge for the second factor. */
    SignIn: components['schemas']['Tokens'] | components['schemas']['MfaRequired'] | components['schemas']['MfaSetupRequired']
    /** Signed in. The refresh token is in the `refresh_token` cookie or, with `X-Refresh-Transport: body`, in the body. */
    Tokens: {
      /** Access token, a JWT of type `at+jwt`. */
      access: string
      /** Seconds that the access token has left. */
      expires_in: number
      /** Refresh token. Absent with cookie transport: it is in the `refresh_token` cookie. */
      refresh?: string
    }
    TurnSecondFactorOffRequest: { password: string }
    TurnSecondFactorOnRequest: {
      /** The six digits that the authenticator app shows. */
      code: string
    }
    UndoAccountDeletionByPageRequest: Record<string, never>
    UndoAccountDeletionRequest: Record<string, never>
    UndoEmailChangeByPageRequest: Record<string, never>
    UndoEmailChangeRequest: Record<string, never>
    UpdateUserRequest: {
      /** E-mail address. */
      email?: string
      first_name?: string
      last_name?: string
      /** Needed when the last sign-in or re-authentication is more than ten minutes old. */
      password?: string
      /** The six digits that the authenticator app shows. */
      code?: string
      /** One of the recovery codes. Case, spaces and dashes do not matter. */
      recovery_code?: string
    }
    /** The account. */
    User: {
      /** Stays the same; `sub` of access tokens. */
      id: string
      email: string
      /** Whether the owner has confirmed the address. */
      email_verified: boolean
      first_name: string
      last_name: string
      /** Number of the role. */
      role: number
      role_name: string
      /** Whether sign-in asks for a second factor. */
      mfa_enabled: boolean
      created_at: string
      /** The new address, until the link in its mail is followed. */
      pending_email?: string
    }
    VerifyMfaByRecoveryCodeRequest: {
      /** The challenge from the answer to the sign-in. */
      challenge_id: string
      /** One of the recovery codes. Case, spaces and dashes do not matter. */
      recovery_code: string
    }
    VerifyMfaRequest: {
      /** The challenge from the answer to the sign-in. */
      challenge_id: string
      /** The six digits that the authenticator app shows. */
      code: string
    }
  }
}

/** Each operation, by its id. */
export interface operations {
  /** Page that leads to the account or to the sign-in page */
  showHome: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      302: { headers: { [name: string]: unknown }; content?: never }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Page for password managers to change a password */
  changePasswordPage: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      302: { headers: { [name: string]: unknown }; content?: never }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Public keys of access tokens */
  readKeys: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['KeySet'] }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** What verifiers of access tokens look up (RFC 8414) */
  readMetadata: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['Metadata'] }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** What verifiers of access tokens look up (the same document) */
  readOpenidMetadata: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['Metadata'] }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Page of the account */
  showAccount: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      303: { headers: { [name: string]: unknown }; content?: never }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "not_authenticated" | "token_not_valid" | "no_active_account" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Page with the events of the account */
  showActivity: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      303: { headers: { [name: string]: unknown }; content?: never }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "not_authenticated" | "token_not_valid" | "no_active_account" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Page that deletes the account */
  showDeletion: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      303: { headers: { [name: string]: unknown }; content?: never }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "not_authenticated" | "token_not_valid" | "no_active_account" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Form that deletes the account */
  deleteAccount: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody: {
      content: {
        "application/json": components['schemas']['DeleteAccountRequest']
        "application/x-www-form-urlencoded": components['schemas']['DeleteAccountRequest']
      }
    }
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      303: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "validation_error" | "malformed_body" | "incorrect_password" | "invalid_code" | "totp_not_active"
          })
          "text/html": string
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "not_authenticated" | "token_not_valid" | "no_active_account" })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" | "reauthentication_required" })
          "text/html": string
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
          "text/html": string
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "busy" | "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Page with the devices that are signed in */
  showDevices: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      303: { headers: { [name: string]: unknown }; content?: never }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "not_authenticated" | "token_not_valid" | "no_active_account" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Form that signs out on every other device */
  endOtherDevices: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: {
      content: {
        "application/json": components['schemas']['EndOtherDevicesRequest']
        "application/x-www-form-urlencoded": components['schemas']['EndOtherDevicesRequest']
      }
    }
    responses: {
      303: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "validation_error" | "malformed_body" })
          "text/html": string
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "not_authenticated" | "token_not_valid" | "no_active_account" })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" })
          "text/html": string
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
          "text/html": string
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Form that signs out on one device */
  endDevice: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody: {
      content: {
        "application/json": components['schemas']['EndDeviceRequest']
        "application/x-www-form-urlencoded": components['schemas']['EndDeviceRequest']
      }
    }
    responses: {
      303: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "validation_error" | "malformed_body" })
          "text/html": string
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "not_authenticated" | "token_not_valid" | "no_active_account" })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" })
          "text/html": string
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
          "text/html": string
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Page with the address of the account */
  showEmail: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      303: { headers: { [name: string]: unknown }; content?: never }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "not_authenticated" | "token_not_valid" | "no_active_account" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Form that changes the address */
  saveEmail: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody: {
      content: {
        "application/json": components['schemas']['SaveEmailRequest']
        "application/x-www-form-urlencoded": components['schemas']['SaveEmailRequest']
      }
    }
    responses: {
      303: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "validation_error" | "malformed_body" | "incorrect_password" | "invalid_code" | "totp_not_active" | "email_taken"
          })
          "text/html": string
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "not_authenticated" | "token_not_valid" | "no_active_account" })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" | "reauthentication_required" })
          "text/html": string
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
          "text/html": string
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "busy" | "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Page that offers the data of the account */
  showExport: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      303: { headers: { [name: string]: unknown }; content?: never }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "not_authenticated" | "token_not_valid" | "no_active_account" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Form that downloads the data of the account */
  downloadExport: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody: {
      content: {
        "application/json": components['schemas']['DownloadExportRequest']
        "application/x-www-form-urlencoded": components['schemas']['DownloadExportRequest']
      }
    }
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": components['schemas']['DownloadExportResponse']
          "text/html": string
        }
      }
      303: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "validation_error" | "malformed_body" | "incorrect_password" | "invalid_code" | "totp_not_active"
          })
          "text/html": string
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "not_authenticated" | "token_not_valid" | "no_active_account" })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" | "reauthentication_required" })
          "text/html": string
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
          "text/html": string
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "busy" | "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Page with the second factor of the account */
  showSecondFactor: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      303: { headers: { [name: string]: unknown }; content?: never }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "not_authenticated" | "token_not_valid" | "no_active_account" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Page with new recovery codes, until the person is done or for ten minutes */
  showNewRecoveryCodes: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      303: { headers: { [name: string]: unknown }; content?: never }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "not_authenticated" | "token_not_valid" | "no_active_account" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Form that leaves the page of the recovery codes */
  leaveNewRecoveryCodes: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: {
      content: {
        "application/json": components['schemas']['LeaveNewRecoveryCodesRequest']
        "application/x-www-form-urlencoded": components['schemas']['LeaveNewRecoveryCodesRequest']
      }
    }
    responses: {
      303: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "validation_error" | "malformed_body" })
          "text/html": string
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "not_authenticated" | "token_not_valid" | "no_active_account" })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" })
          "text/html": string
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
          "text/html": string
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Form that turns the second factor off */
  turnSecondFactorOff: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody: {
      content: {
        "application/json": components['schemas']['TurnSecondFactorOffRequest']
        "application/x-www-form-urlencoded": components['schemas']['TurnSecondFactorOffRequest']
      }
    }
    responses: {
      303: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "validation_error" | "malformed_body" | "incorrect_password" | "invalid_code" | "totp_not_active"
          })
          "text/html": string
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "not_authenticated" | "token_not_valid" | "no_active_account" })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "cross_site_request" | "reauthentication_required" | "mfa_disabled" | "mfa_required_by_policy"
          })
          "text/html": string
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
          "text/html": string
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "busy" | "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Form that makes new recovery codes */
  renewCodes: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody: {
      content: {
        "application/json": components['schemas']['RenewCodesRequest']
        "application/x-www-form-urlencoded": components['schemas']['RenewCodesRequest']
      }
    }
    responses: {
      303: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "validation_error" | "malformed_body" | "incorrect_password" | "invalid_code" | "totp_not_active"
          })
          "text/html": string
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "not_authenticated" | "token_not_valid" | "no_active_account" })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" | "reauthentication_required" | "mfa_disabled" })
          "text/html": string
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
          "text/html": string
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "busy" | "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Page that sets up an authenticator app */
  showSecondFactorSetup: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      303: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "totp_already_active" | "setup_not_started" | "invalid_code" })
          "text/html": string
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "not_authenticated" | "token_not_valid" | "no_active_account" })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "mfa_disabled" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Form that turns the second factor on */
  turnSecondFactorOn: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody: {
      content: {
        "application/json": components['schemas']['TurnSecondFactorOnRequest']
        "application/x-www-form-urlencoded": components['schemas']['TurnSecondFactorOnRequest']
      }
    }
    responses: {
      303: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "validation_error" | "malformed_body" | "totp_already_active" | "setup_not_started" | "invalid_code"
          })
          "text/html": string
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "not_authenticated" | "token_not_valid" | "no_active_account" })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" | "mfa_disabled" })
          "text/html": string
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
          "text/html": string
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Page that changes the password */
  showPassword: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      303: { headers: { [name: string]: unknown }; content?: never }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "not_authenticated" | "token_not_valid" | "no_active_account" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Form that changes the password */
  savePassword: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody: {
      content: {
        "application/json": components['schemas']['SavePasswordRequest']
        "application/x-www-form-urlencoded": components['schemas']['SavePasswordRequest']
      }
    }
    responses: {
      303: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "validation_error" | "malformed_body" | "incorrect_password" })
          "text/html": string
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "not_authenticated" | "token_not_valid" | "no_active_account" })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" })
          "text/html": string
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
          "text/html": string
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "busy" | "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Page with the names and the language of the account */
  showProfile: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      303: { headers: { [name: string]: unknown }; content?: never }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "not_authenticated" | "token_not_valid" | "no_active_account" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Form that changes the names and the language */
  saveProfile: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody: {
      content: {
        "application/json": components['schemas']['SaveProfileRequest']
        "application/x-www-form-urlencoded": components['schemas']['SaveProfileRequest']
      }
    }
    responses: {
      303: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "validation_error" | "malformed_body" })
          "text/html": string
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "not_authenticated" | "token_not_valid" | "no_active_account" })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" })
          "text/html": string
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
          "text/html": string
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Say who sent a request, for a proxy */
  verifyRequest: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: { headers: { [name: string]: unknown }; content?: never }
      302: { headers: { [name: string]: unknown }; content?: never }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "not_authenticated" | "bad_authorization_header" | "token_not_valid" | "no_active_account"
          })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Is the process running? */
  live: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['Health'] }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Can the service handle requests? */
  ready: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['Health'] }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** List invitations */
  listInvitations: {
    parameters: {
      query?: { state?: string; before?: string; limit?: string }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['ListInvitationsResponse'] }
      }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "validation_error" })
          "text/html": string
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "not_authenticated" | "bad_authorization_header" | "token_not_valid" | "no_active_account"
          })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "permission_denied" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Revoke an invitation */
  revokeInvitation: {
    parameters: { query?: never; header?: never; path: { id: string }; cookie?: never }
    requestBody?: never
    responses: {
      204: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "invitation_accepted" })
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "not_authenticated" | "bad_authorization_header" | "token_not_valid" | "no_active_account"
          })
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "permission_denied" })
        }
      }
      404: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "not_found" }) }
      }
      429: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" }) }
      }
      500: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" }) }
      }
      503: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" }) }
      }
    }
  }
  /** Send an invitation again */
  resendInvitation: {
    parameters: { query?: never; header?: never; path: { id: string }; cookie?: never }
    requestBody?: { content: { "application/json": components['schemas']['ResendInvitationRequest'] } }
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['Detail'] }
      }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "validation_error" | "malformed_body" | "invitation_accepted" })
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "not_authenticated" | "bad_authorization_header" | "token_not_valid" | "no_active_account"
          })
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "permission_denied" })
        }
      }
      404: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "not_found" }) }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" }) }
      }
      500: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" }) }
      }
      503: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" }) }
      }
    }
  }
  /** Page that signs in */
  showLogin: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Sign in with email address and password */
  login: {
    parameters: {
      query?: never
      header?: { "x-refresh-transport"?: "cookie" | "body" }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        "application/json": components['schemas']['LoginRequest']
        "application/x-www-form-urlencoded": components['schemas']['LoginRequest']
      }
    }
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['SignIn']; "text/html": string }
      }
      303: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "validation_error" | "malformed_body" })
          "text/html": string
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "incorrect_credentials" | "email_not_verified" })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" })
          "text/html": string
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
          "text/html": string
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "busy" | "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Sign out everywhere */
  logoutAll: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: { content: { "application/json": components['schemas']['LogoutAllRequest'] } }
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['Detail'] }
      }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "validation_error" | "malformed_body" })
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "not_authenticated" | "bad_authorization_header" | "token_not_valid" | "no_active_account"
          })
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" }) }
      }
      500: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" }) }
      }
      503: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" }) }
      }
    }
  }
  /** Page that signs out, or says that nobody is signed in */
  showLogout: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Sign out on this device */
  logout: {
    parameters: {
      query?: never
      header?: { "x-refresh-transport"?: "cookie" | "body" }
      path?: never
      cookie?: never
    }
    requestBody?: {
      content: {
        "application/json": components['schemas']['RefreshRequest']
        "application/x-www-form-urlencoded": components['schemas']['RefreshRequest']
      }
    }
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['Detail']; "text/html": string }
      }
      303: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "validation_error" | "malformed_body" })
          "text/html": string
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "not_authenticated" | "bad_authorization_header" | "token_not_valid" | "no_active_account"
          })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" })
          "text/html": string
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
          "text/html": string
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Turn the second factor on */
  activateMfa: {
    parameters: {
      query?: never
      header?: { "x-refresh-transport"?: "cookie" | "body" }
      path?: never
      cookie?: never
    }
    requestBody: { content: { "application/json": components['schemas']['ActivateMfaRequest'] } }
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['ActivateMfaResponse'] }
      }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "validation_error" | "malformed_body" | "totp_already_active" | "setup_not_started" | "invalid_code"
          })
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "not_authenticated" | "bad_authorization_header" | "token_not_valid" | "no_active_account" | "setup_challenge_invalid"
          })
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" | "mfa_disabled" })
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" }) }
      }
      500: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" }) }
      }
      503: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" }) }
      }
    }
  }
  /** List the second factors of the account */
  listAuthenticators: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['Authenticators'] }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "not_authenticated" | "bad_authorization_header" | "token_not_valid" | "no_active_account"
          })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "mfa_disabled" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Page that asks for the second factor */
  showMfaChallenge: {
    parameters: { query?: { method?: string }; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      303: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "validation_error" | "challenge_invalid" })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "mfa_disabled" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Form that finishes a sign-in */
  answerMfaChallenge: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: {
      content: {
        "application/json": components['schemas']['AnswerMfaChallengeRequest']
        "application/x-www-form-urlencoded": components['schemas']['AnswerMfaChallengeRequest']
      }
    }
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      303: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "validation_error" | "malformed_body" | "challenge_invalid" | "invalid_code" | "totp_not_active"
          })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" | "mfa_disabled" })
          "text/html": string
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
          "text/html": string
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Turn the second factor off */
  deactivateMfa: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody: { content: { "application/json": components['schemas']['DeactivateMfaRequest'] } }
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['DeactivateMfaResponse'] }
      }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "validation_error" | "malformed_body" | "incorrect_password" | "invalid_code" | "totp_not_active"
          })
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "not_authenticated" | "bad_authorization_header" | "token_not_valid" | "no_active_account"
          })
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "reauthentication_required" | "mfa_disabled" | "mfa_required_by_policy" })
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" }) }
      }
      500: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" }) }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "busy" | "unavailable" })
        }
      }
    }
  }
  /** Create new recovery codes */
  renewRecoveryCodes: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: { content: { "application/json": components['schemas']['RenewRecoveryCodesRequest'] } }
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['RenewRecoveryCodesResponse'] }
      }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "validation_error" | "malformed_body" | "incorrect_password" | "invalid_code" | "totp_not_active"
          })
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "not_authenticated" | "bad_authorization_header" | "token_not_valid" | "no_active_account"
          })
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "reauthentication_required" | "mfa_disabled" })
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" }) }
      }
      500: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" }) }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "busy" | "unavailable" })
        }
      }
    }
  }
  /** Page that sets up an authenticator app */
  showMfaSetup: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      204: { headers: { [name: string]: unknown }; content?: never }
      303: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "totp_already_active" })
          "text/html": string
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "setup_challenge_invalid" })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "mfa_disabled" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Begin to set up an authenticator app */
  beginMfaSetup: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: { content: { "application/json": components['schemas']['BeginMfaSetupRequest'] } }
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['BeginMfaSetupResponse'] }
      }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "validation_error" | "malformed_body" | "totp_already_active" })
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "not_authenticated" | "bad_authorization_header" | "token_not_valid" | "no_active_account" | "setup_challenge_invalid"
          })
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" | "mfa_disabled" })
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" }) }
      }
      500: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" }) }
      }
      503: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" }) }
      }
    }
  }
  /** Form that turns the second factor on */
  finishMfaSetup: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: {
      content: {
        "application/json": components['schemas']['FinishMfaSetupRequest']
        "application/x-www-form-urlencoded": components['schemas']['FinishMfaSetupRequest']
      }
    }
    responses: {
      303: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "validation_error" | "malformed_body" | "setup_not_started" | "totp_already_active" | "invalid_code"
          })
          "text/html": string
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "not_authenticated" | "bad_authorization_header" | "token_not_valid" | "no_active_account" | "setup_challenge_invalid"
          })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" | "mfa_disabled" })
          "text/html": string
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
          "text/html": string
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Page with the recovery codes, until the person is done or for ten minutes */
  showRecoveryCodes: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      303: { headers: { [name: string]: unknown }; content?: never }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "mfa_disabled" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Form that leaves the page of the recovery codes */
  leaveMfaSetup: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: {
      content: {
        "application/json": components['schemas']['LeaveMfaSetupRequest']
        "application/x-www-form-urlencoded": components['schemas']['LeaveMfaSetupRequest']
      }
    }
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      303: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "validation_error" | "malformed_body" })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" | "mfa_disabled" })
          "text/html": string
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
          "text/html": string
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Finish a sign-in with a recovery code */
  verifyMfaByRecoveryCode: {
    parameters: {
      query?: never
      header?: { "x-refresh-transport"?: "cookie" | "body" }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: { "application/json": components['schemas']['VerifyMfaByRecoveryCodeRequest'] }
    }
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['SignIn'] }
      }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "validation_error" | "malformed_body" | "challenge_invalid" | "invalid_code" | "totp_not_active"
          })
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" | "mfa_disabled" })
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" }) }
      }
      500: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" }) }
      }
      503: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" }) }
      }
    }
  }
  /** Finish a sign-in with a code of the app */
  verifyMfa: {
    parameters: {
      query?: never
      header?: { "x-refresh-transport"?: "cookie" | "body" }
      path?: never
      cookie?: never
    }
    requestBody: { content: { "application/json": components['schemas']['VerifyMfaRequest'] } }
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['SignIn'] }
      }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "validation_error" | "malformed_body" | "challenge_invalid" | "invalid_code" | "totp_not_active"
          })
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" | "mfa_disabled" })
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" }) }
      }
      500: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" }) }
      }
      503: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" }) }
      }
    }
  }
  /** Change the password */
  changePassword: {
    parameters: {
      query?: never
      header?: { "x-refresh-transport"?: "cookie" | "body" }
      path?: never
      cookie?: never
    }
    requestBody: { content: { "application/json": components['schemas']['ChangePasswordRequest'] } }
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['ChangePasswordResponse'] }
      }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "validation_error" | "malformed_body" | "incorrect_password" })
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "not_authenticated" | "bad_authorization_header" | "token_not_valid" | "no_active_account"
          })
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" }) }
      }
      500: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" }) }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "busy" | "unavailable" })
        }
      }
    }
  }
  /** Page that asks for the address */
  showPasswordResetRequest: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Mail a reset link */
  requestPasswordReset: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody: {
      content: {
        "application/json": components['schemas']['EmailRequest']
        "application/x-www-form-urlencoded": components['schemas']['EmailRequest']
      }
    }
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['Detail']; "text/html": string }
      }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "validation_error" | "malformed_body" })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" })
          "text/html": string
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
          "text/html": string
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Page that takes the code from the mail */
  showPasswordResetCode: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Open a reset with the code from its mail */
  openPasswordResetByCode: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody: {
      content: {
        "application/json": components['schemas']['OpenPasswordResetByCodeRequest']
        "application/x-www-form-urlencoded": components['schemas']['OpenPasswordResetByCodeRequest']
      }
    }
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['Detail']; "text/html": string }
      }
      303: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "validation_error" | "malformed_body" | "invalid_code" })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" })
          "text/html": string
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
          "text/html": string
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Page that says that the password is set */
  showPasswordResetDone: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Follow a reset link */
  openPasswordReset: {
    parameters: { query?: never; header?: never; path: { uid: string; token: string }; cookie?: never }
    requestBody?: never
    responses: {
      204: { headers: { [name: string]: unknown }; content?: never }
      302: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "link_invalid" })
          "text/html": string
        }
      }
      404: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "not_found" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Page with the form for the new password */
  showPasswordResetForm: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "link_invalid" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Set the new password */
  setNewPassword: {
    parameters: {
      query?: never
      header?: { "x-refresh-transport"?: "cookie" | "body" }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        "application/json": components['schemas']['SetNewPasswordRequest']
        "application/x-www-form-urlencoded": components['schemas']['SetNewPasswordRequest']
      }
    }
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": components['schemas']['SetNewPasswordResponse']
          "text/html": string
        }
      }
      303: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "validation_error" | "malformed_body" })
          "text/html": string
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "not_authenticated" | "capability_invalid" })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" })
          "text/html": string
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
          "text/html": string
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "busy" | "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Authenticate again */
  reauthenticate: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody: { content: { "application/json": components['schemas']['ReauthenticateRequest'] } }
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['ReauthenticateResponse'] }
      }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "validation_error" | "malformed_body" | "incorrect_password" | "invalid_code" | "totp_not_active"
          })
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "not_authenticated" | "bad_authorization_header" | "token_not_valid" | "no_active_account"
          })
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "reauthentication_required" })
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" }) }
      }
      500: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" }) }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "busy" | "unavailable" })
        }
      }
    }
  }
  /** Exchange the refresh token for new tokens */
  refresh: {
    parameters: {
      query?: never
      header?: { "x-refresh-transport"?: "cookie" | "body" }
      path?: never
      cookie?: never
    }
    requestBody?: { content: { "application/json": components['schemas']['RefreshRequest'] } }
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['Tokens'] }
      }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "validation_error" | "malformed_body" | "refresh_missing" })
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "token_not_valid" | "refresh_reused" | "session_expired" | "no_active_account" | "email_not_verified"
          })
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" })
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" }) }
      }
      500: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" }) }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "busy" | "unavailable" })
        }
      }
    }
  }
  /** Page that signs up, or says that an invitation is needed */
  showRegistration: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Sign up */
  register: {
    parameters: {
      query?: never
      header?: { "x-refresh-transport"?: "cookie" | "body" }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        "application/json": components['schemas']['RegisterRequest']
        "application/x-www-form-urlencoded": components['schemas']['RegisterRequest']
      }
    }
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      201: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['RegisterResponse']; "text/html": string }
      }
      303: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "validation_error" | "malformed_body" | "email_taken" })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" })
          "text/html": string
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
          "text/html": string
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "busy" | "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Page that says that a mail was sent */
  showVerificationSent: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Request a new mail for an expired invitation */
  askInvitationAgain: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody: {
      content: {
        "application/json": components['schemas']['EmailRequest']
        "application/x-www-form-urlencoded": components['schemas']['EmailRequest']
      }
    }
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['Detail']; "text/html": string }
      }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "validation_error" | "malformed_body" })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" })
          "text/html": string
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
          "text/html": string
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Accept an invitation with a first password */
  setFirstPassword: {
    parameters: {
      query?: never
      header?: { "x-refresh-transport"?: "cookie" | "body" }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        "application/json": components['schemas']['SetFirstPasswordRequest']
        "application/x-www-form-urlencoded": components['schemas']['SetFirstPasswordRequest']
      }
    }
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": components['schemas']['SetFirstPasswordResponse']
          "text/html": string
        }
      }
      303: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "validation_error" | "malformed_body" })
          "text/html": string
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "not_authenticated" | "capability_invalid" })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" })
          "text/html": string
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
          "text/html": string
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "busy" | "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Page with the form for the first password */
  showSetPasswordForm: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "link_invalid" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Invite a person */
  invite: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody: { content: { "application/json": components['schemas']['InviteRequest'] } }
    responses: {
      201: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['InviteResponse'] }
      }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "validation_error" | "malformed_body" | "email_taken" })
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "not_authenticated" | "bad_authorization_header" | "token_not_valid" | "no_active_account"
          })
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "permission_denied" })
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" }) }
      }
      500: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" }) }
      }
      503: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" }) }
      }
    }
  }
  /** Page that confirms an address: a button, or a form that asks for a password */
  showVerification: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      302: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "link_invalid" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Form that confirms an address */
  confirmVerificationByPage: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: {
      content: {
        "application/json": components['schemas']['ConfirmVerificationByPageRequest']
        "application/x-www-form-urlencoded": components['schemas']['ConfirmVerificationByPageRequest']
      }
    }
    responses: {
      303: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "validation_error" | "malformed_body" | "link_invalid" | "password_required" | "incorrect_password"
          })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" })
          "text/html": string
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
          "text/html": string
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "busy" | "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Confirm an address with the code from its mail */
  confirmVerificationByCode: {
    parameters: {
      query?: never
      header?: { "x-refresh-transport"?: "cookie" | "body" }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        "application/json": components['schemas']['ConfirmVerificationByCodeRequest']
        "application/x-www-form-urlencoded": components['schemas']['ConfirmVerificationByCodeRequest']
      }
    }
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": components['schemas']['ConfirmVerificationByCodeResponse']
          "text/html": string
        }
      }
      303: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "validation_error" | "malformed_body" | "invalid_code" | "password_required" | "incorrect_password"
          })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" })
          "text/html": string
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
          "text/html": string
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "busy" | "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Mail a new confirmation link */
  resendVerification: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody: {
      content: {
        "application/json": components['schemas']['EmailRequest']
        "application/x-www-form-urlencoded": components['schemas']['EmailRequest']
      }
    }
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['Detail']; "text/html": string }
      }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "validation_error" | "malformed_body" })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" })
          "text/html": string
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
          "text/html": string
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Follow the link of a confirmation or an invitation */
  openVerification: {
    parameters: { query?: never; header?: never; path: { key: string }; cookie?: never }
    requestBody?: never
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      204: { headers: { [name: string]: unknown }; content?: never }
      302: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "link_invalid" | "password_required" | "invitation_accepted" })
          "text/html": string
        }
      }
      404: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "not_found" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Confirm an address with the token of its link */
  confirmVerification: {
    parameters: { query?: never; header?: never; path: { key: string }; cookie?: never }
    requestBody?: {
      content: {
        "application/json": components['schemas']['ConfirmVerificationRequest']
        "application/x-www-form-urlencoded": components['schemas']['ConfirmVerificationRequest']
      }
    }
    responses: {
      303: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "validation_error" | "malformed_body" | "link_invalid" | "password_required" | "incorrect_password"
          })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" })
          "text/html": string
        }
      }
      404: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "not_found" })
          "text/html": string
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
          "text/html": string
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "busy" | "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Page that says that the address is confirmed */
  showVerified: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** List the sessions of the account */
  listSessions: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['ListSessionsResponse'] }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "not_authenticated" | "bad_authorization_header" | "token_not_valid" | "no_active_account"
          })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Sign out on every other device */
  endOtherSessions: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: { content: { "application/json": components['schemas']['EndOtherSessionsRequest'] } }
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['EndOtherSessionsResponse'] }
      }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "validation_error" | "malformed_body" })
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "not_authenticated" | "bad_authorization_header" | "token_not_valid" | "no_active_account"
          })
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" }) }
      }
      500: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" }) }
      }
      503: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" }) }
      }
    }
  }
  /** Sign out on one device */
  endSession: {
    parameters: { query?: never; header?: never; path: { id: string }; cookie?: never }
    requestBody?: never
    responses: {
      204: { headers: { [name: string]: unknown }; content?: never }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "not_authenticated" | "bad_authorization_header" | "token_not_valid" | "no_active_account"
          })
        }
      }
      404: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "not_found" }) }
      }
      429: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" }) }
      }
      500: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" }) }
      }
      503: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" }) }
      }
    }
  }
  /** Read the account */
  readUser: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['User'] }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "not_authenticated" | "bad_authorization_header" | "token_not_valid" | "no_active_account"
          })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Replace names and address */
  replaceUser: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody: { content: { "application/json": components['schemas']['ReplaceUserRequest'] } }
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['User'] }
      }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "validation_error" | "malformed_body" | "incorrect_password" | "invalid_code" | "totp_not_active" | "email_taken"
          })
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "not_authenticated" | "bad_authorization_header" | "token_not_valid" | "no_active_account"
          })
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "reauthentication_required" })
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" }) }
      }
      500: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" }) }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "busy" | "unavailable" })
        }
      }
    }
  }
  /** Delete the account */
  deleteUser: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: { content: { "application/json": components['schemas']['DeleteUserRequest'] } }
    responses: {
      202: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['DeleteUserResponse'] }
      }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "validation_error" | "malformed_body" | "incorrect_password" | "invalid_code" | "totp_not_active"
          })
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "not_authenticated" | "bad_authorization_header" | "token_not_valid" | "no_active_account"
          })
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "reauthentication_required" })
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" }) }
      }
      500: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" }) }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "busy" | "unavailable" })
        }
      }
    }
  }
  /** Change names or address */
  updateUser: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: { content: { "application/json": components['schemas']['UpdateUserRequest'] } }
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['User'] }
      }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "validation_error" | "malformed_body" | "incorrect_password" | "invalid_code" | "totp_not_active" | "email_taken"
          })
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "not_authenticated" | "bad_authorization_header" | "token_not_valid" | "no_active_account"
          })
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "reauthentication_required" })
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" }) }
      }
      500: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" }) }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "busy" | "unavailable" })
        }
      }
    }
  }
  /** List the events of the account */
  listActivity: {
    parameters: { query?: { before?: string }; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['ListActivityResponse'] }
      }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "validation_error" })
          "text/html": string
        }
      }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "not_authenticated" | "bad_authorization_header" | "token_not_valid" | "no_active_account"
          })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Page that keeps an account, or says that it is kept */
  showAccountDeletionUndo: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      302: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "link_invalid" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Form that keeps an account */
  undoAccountDeletionByPage: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: {
      content: {
        "application/json": components['schemas']['UndoAccountDeletionByPageRequest']
        "application/x-www-form-urlencoded": components['schemas']['UndoAccountDeletionByPageRequest']
      }
    }
    responses: {
      303: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "validation_error" | "malformed_body" | "link_invalid" })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" })
          "text/html": string
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
          "text/html": string
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Follow the link that keeps an account */
  openAccountDeletionUndo: {
    parameters: { query?: never; header?: never; path: { key: string }; cookie?: never }
    requestBody?: never
    responses: {
      204: { headers: { [name: string]: unknown }; content?: never }
      302: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "link_invalid" })
          "text/html": string
        }
      }
      404: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "not_found" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Keep an account that waits for its deletion */
  undoAccountDeletion: {
    parameters: { query?: never; header?: never; path: { key: string }; cookie?: never }
    requestBody?: { content: { "application/json": components['schemas']['UndoAccountDeletionRequest'] } }
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['Detail'] }
      }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "validation_error" | "malformed_body" | "link_invalid" })
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" })
        }
      }
      404: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "not_found" }) }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" }) }
      }
      500: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" }) }
      }
      503: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" }) }
      }
    }
  }
  /** Page that confirms a new address, or says that it is confirmed */
  showEmailChange: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      302: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "link_invalid" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Form that confirms the address change */
  confirmEmailChangeByPage: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: {
      content: {
        "application/json": components['schemas']['ConfirmEmailChangeByPageRequest']
        "application/x-www-form-urlencoded": components['schemas']['ConfirmEmailChangeByPageRequest']
      }
    }
    responses: {
      303: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "validation_error" | "malformed_body" | "link_invalid" | "email_taken" })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" })
          "text/html": string
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
          "text/html": string
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Follow the link that confirms a new address */
  openEmailChange: {
    parameters: { query?: never; header?: never; path: { key: string }; cookie?: never }
    requestBody?: never
    responses: {
      204: { headers: { [name: string]: unknown }; content?: never }
      302: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "link_invalid" })
          "text/html": string
        }
      }
      404: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "not_found" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Confirm an address change */
  confirmEmailChange: {
    parameters: { query?: never; header?: never; path: { key: string }; cookie?: never }
    requestBody?: { content: { "application/json": components['schemas']['ConfirmEmailChangeRequest'] } }
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['Detail'] }
      }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "validation_error" | "malformed_body" | "link_invalid" | "email_taken" })
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" })
        }
      }
      404: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "not_found" }) }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" }) }
      }
      500: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" }) }
      }
      503: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" }) }
      }
    }
  }
  /** Page that takes an account back */
  showEmailChangeUndo: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: { headers: { [name: string]: unknown }; content: { "text/html": string } }
      302: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "link_invalid" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Form that takes an account back */
  undoEmailChangeByPage: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: {
      content: {
        "application/json": components['schemas']['UndoEmailChangeByPageRequest']
        "application/x-www-form-urlencoded": components['schemas']['UndoEmailChangeByPageRequest']
      }
    }
    responses: {
      303: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "validation_error" | "malformed_body" | "link_invalid" })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" })
          "text/html": string
        }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
          "text/html": string
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Follow the link that takes an account back */
  openEmailChangeUndo: {
    parameters: { query?: never; header?: never; path: { key: string }; cookie?: never }
    requestBody?: never
    responses: {
      204: { headers: { [name: string]: unknown }; content?: never }
      302: { headers: { [name: string]: unknown }; content?: never }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "link_invalid" })
          "text/html": string
        }
      }
      404: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "not_found" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
  /** Take an account back */
  undoEmailChange: {
    parameters: { query?: never; header?: never; path: { key: string }; cookie?: never }
    requestBody?: { content: { "application/json": components['schemas']['UndoEmailChangeRequest'] } }
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['Detail'] }
      }
      400: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "validation_error" | "malformed_body" | "link_invalid" })
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "cross_site_request" })
        }
      }
      404: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "not_found" }) }
      }
      413: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "payload_too_large" })
        }
      }
      415: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unsupported_media_type" })
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" }) }
      }
      500: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" }) }
      }
      503: {
        headers: { [name: string]: unknown }
        content: { "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" }) }
      }
    }
  }
  /** Download everything that is stored about the account */
  exportAccount: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    requestBody?: never
    responses: {
      200: {
        headers: { [name: string]: unknown }
        content: { "application/json": components['schemas']['ExportAccountResponse'] }
      }
      204: { headers: { [name: string]: unknown }; content?: never }
      401: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({
            code?: "not_authenticated" | "bad_authorization_header" | "token_not_valid" | "no_active_account"
          })
          "text/html": string
        }
      }
      403: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "reauthentication_required" })
          "text/html": string
        }
      }
      429: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "throttled" })
          "text/html": string
        }
      }
      500: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "internal_error" })
          "text/html": string
        }
      }
      503: {
        headers: { [name: string]: unknown }
        content: {
          "application/json": (components['schemas']['Problem']) & ({ code?: "unavailable" })
          "text/html": string
        }
      }
    }
  }
}
