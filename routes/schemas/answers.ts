import { Type } from 'typebox'

/** A sentence that says what was done. */
export const Detail = (example: string) =>
  Type.Object(
    { detail: Type.String() },
    { title: 'Detail', description: 'Done.', examples: [{ detail: example }] }
  )

const exampleToken = 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6Ii4uLiJ9.e30.c2lnbmF0dXJl'

/** The tokens of a session. `refresh` is present only with body transport. */
export const tokenFields = {
  access: Type.String({ description: 'Access token, a JWT of type `at+jwt`.' }),
  expires_in: Type.Integer({ description: 'Seconds that the access token has left.' }),
  refresh: Type.Optional(
    Type.String({
      description:
        'Refresh token. Absent with cookie transport: it is in the `refresh_token` cookie.'
    })
  )
}
export const TokenPair = Type.Object(tokenFields, {
  title: 'Tokens',
  description:
    'Signed in. The refresh token is in the `refresh_token` cookie or, with `X-Refresh-Transport: body`, in the body.',
  examples: [
    { access: exampleToken, expires_in: 1800 },
    { access: exampleToken, expires_in: 1800, refresh: 'eyJ…' }
  ]
})
export { exampleToken }

const challengeId = Type.String({
  description: 'Send it to `/mfa/verify/` or `/mfa/verify-recovery/` within five minutes.'
})
const setupChallengeId = Type.String({
  description: 'Send it to `/mfa/setup/` and `/mfa/activate/`. It works for nothing else.'
})
const MfaRequired = Type.Object(
  { mfa_required: Type.Literal(true), challenge_id: challengeId },
  {
    title: 'MfaRequired',
    description: 'The second factor is needed. There are no tokens yet.',
    examples: [{ mfa_required: true, challenge_id: 'Zt0c…' }]
  }
)
const MfaSetupRequired = Type.Object(
  { mfa_setup_required: Type.Literal(true), setup_challenge_id: setupChallengeId },
  {
    title: 'MfaSetupRequired',
    description: 'A second factor must be set up first. There are no tokens yet.',
    examples: [{ mfa_setup_required: true, setup_challenge_id: 'Zt0c…' }]
  }
)

/** The answer to a sign-in. */
export const SignedIn = Type.Union([TokenPair, MfaRequired, MfaSetupRequired], {
  title: 'SignIn',
  description: 'Signed in, or a challenge for the second factor.'
})

/** The fields of {@link SignedIn}, for an answer with more fields. */
export const signInFields = {
  ...tokenFields,
  access: Type.Optional(tokenFields.access),
  expires_in: Type.Optional(tokenFields.expires_in),
  mfa_required: Type.Optional(
    Type.Boolean({ description: 'The second factor is needed. There are no tokens yet.' })
  ),
  challenge_id: Type.Optional(challengeId),
  mfa_setup_required: Type.Optional(
    Type.Boolean({
      description: 'A second factor must be set up first. There are no tokens yet.'
    })
  ),
  setup_challenge_id: Type.Optional(setupChallengeId)
}

export const Page = Type.String({
  description: 'A page.',
  contentMediaType: 'text/html',
  examples: ['<!doctype html>…']
})

/** The answer of `answerPrefetch`. */
export const Prefetched = Type.Null({ description: 'A prefetch.' })

export const Redirect = Type.Null({ description: 'See `Location`.' })
