import { createClient, type Device, PosternError, type SignInResult } from 'postern/client'

// The bundler puts addresses in place of these names.
declare const POSTERN_URL: string
declare const API_URL: string

type View = 'loading' | 'sign-in' | 'code' | 'set-up' | 'home'

const client = createClient({ url: POSTERN_URL })

const element = <E extends HTMLElement = HTMLElement>(id: string) =>
  document.getElementById(id) as E

/** What the service gave for the next step of a sign-in. */
let challengeId = ''
let setupChallengeId: string | undefined

function show(view: View) {
  for (const section of document.querySelectorAll<HTMLElement>('main > section'))
    section.hidden = section.id !== view
}

const tell = (text: string) => {
  element('message').textContent = text
}

/** Does what a person asked for, and says why it failed. */
async function attempt(work: () => Promise<unknown>) {
  tell('')
  try {
    await work()
  } catch (error) {
    if (!(error instanceof PosternError)) return tell(String(error))
    tell([error.detail, ...Object.values(error.errors).flat()].join(' '))
  }
}

const onClick = (button: HTMLElement, work: () => Promise<unknown>) =>
  button.addEventListener('click', () => attempt(work))

function onSubmit(
  view: View,
  work: (field: (name: string) => string, action: string) => Promise<unknown>
) {
  const form = element(view).querySelector('form') as HTMLFormElement
  form.addEventListener('submit', event => {
    event.preventDefault()
    const given = new FormData(form)
    const { value = '' } = (event.submitter ?? {}) as HTMLButtonElement
    attempt(async () => {
      await work(name => String(given.get(name)), value)
      form.reset()
    })
  })
}

/** A sign-in that is complete has told the listener below. */
async function goOn(result: SignInResult) {
  switch (result.status) {
    case 'signed-in':
      return
    case 'mfa-required':
      challengeId = result.challengeId
      return show('code')
    case 'mfa-setup-required':
      return setUp(result.setupChallengeId)
    case 'verification-sent':
      return tell('Look for our mail, and sign in when your address is confirmed.')
  }
}

async function setUp(challenge?: string) {
  setupChallengeId = challenge
  const { secret, qrCode } = await client.setUpMfa(owner())
  element('secret').textContent = secret
  element<HTMLImageElement>('qr').src = `data:image/svg+xml,${encodeURIComponent(qrCode)}`
  show('set-up')
}

const owner = () => (setupChallengeId === undefined ? {} : { setupChallengeId })

async function showHome() {
  const [user, devices] = await Promise.all([client.user(), client.sessions()])
  element('email').textContent = user.email
  element('factor').textContent = user.mfaEnabled ? 'on' : 'off'
  element('turn-on').hidden = user.mfaEnabled
  element('devices').replaceChildren(...devices.map(deviceItem))
  await showNotes()
  if (client.state === 'signed-in') show('home')
}

function deviceItem({ id, browser, os, current }: Device) {
  const item = document.createElement('li')
  item.textContent = `${browser ?? 'Unknown'}, ${os ?? 'unknown'}${current ? ' (this one) ' : ' '}`
  const button = document.createElement('button')
  button.textContent = 'Sign out there'
  onClick(button, async () => {
    await client.revokeSession({ id })
    item.remove()
  })
  if (!current) item.append(button)
  return item
}

/** The API is another server: the client adds the token. */
async function showNotes(init?: RequestInit) {
  const answer = await client.fetch(`${API_URL}/notes`, init)
  if (!answer.ok) throw new Error(`The API answered ${answer.status}.`)
  const { notes } = (await answer.json()) as { notes: string[] }
  const items = notes.map(text => {
    const item = document.createElement('li')
    item.textContent = text
    return item
  })
  element('notes').replaceChildren(...items)
}

onSubmit('sign-in', async (field, action) => {
  const given = { email: field('email'), password: field('password') }
  await goOn(await (action === 'sign-up' ? client.signUp(given) : client.signIn(given)))
})

onSubmit('code', async field => {
  const code = field('code').trim()
  const isOfApp = /^\d{6}$/.test(code)
  await goOn(
    await (isOfApp
      ? client.verifyMfa({ challengeId, code })
      : client.verifyRecovery({ challengeId, recoveryCode: code }))
  )
})

onSubmit('set-up', async field => {
  const { recoveryCodes } = await client.activateMfa({ code: field('code'), ...owner() })
  element('codes').textContent = recoveryCodes.join('\n')
  element<HTMLDialogElement>('recovery').showModal()
  await showHome()
})

onSubmit('home', field =>
  showNotes({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text: field('text') })
  })
)

onClick(element('sign-out'), client.signOut)
onClick(element('turn-on'), () => setUp())
element<HTMLAnchorElement>('account').href = `${POSTERN_URL}/account/`

// At once, and when somebody signs in or out in any tab.
client.subscribe(state => {
  if (state === 'unknown') show('loading')
  if (state === 'signed-out') show('sign-in')
  if (state === 'signed-in') attempt(showHome)
})

// The first answer of the service says whether somebody is signed in.
attempt(client.accessToken)
