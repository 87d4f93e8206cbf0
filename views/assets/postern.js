// Enhancements only: every page does its work without this file.
'use strict'

for (const button of document.querySelectorAll('[data-reveal]')) {
  const input = document.getElementById(button.dataset.reveal)
  const show = shown => {
    input.type = shown ? 'text' : 'password'
    button.textContent = shown ? button.dataset.hide : button.dataset.show
    button.setAttribute('aria-label', `${button.textContent}: ${button.dataset.of}`)
  }
  button.addEventListener('click', () => {
    show(input.type === 'password')
    input.focus()
  })
  // A shown password is not kept among the texts that the browser offers again.
  input.form.addEventListener('submit', () => show(false))
  button.hidden = false
}

for (const hint of document.querySelectorAll('[data-strength]')) {
  const input = document.getElementById(hint.dataset.strength)
  const word = hint.querySelector('.strength-word')
  const tell = () => {
    const level = strengthOf(input.value, Number(hint.dataset.least))
    hint.hidden = input.value === ''
    hint.dataset.level = level
    word.textContent = hint.dataset[level]
  }
  input.addEventListener('input', tell)
  tell()
}

/** Length and variety only; what is really weak the service says when it is sent. */
function strengthOf(password, least) {
  const different = new Set(password).size
  if (password.length < least || different < 5) return 'weak'
  if (password.length >= 16 && different >= 8) return 'good'
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\d/, /[^\p{L}\d]/u].filter(kind => kind.test(password))
  return password.length >= 12 && kinds.length >= 3 ? 'good' : 'fair'
}

for (const button of document.querySelectorAll('[data-copy]')) {
  if (navigator.clipboard === undefined) continue
  const items = [...document.getElementById(button.dataset.copy).children]
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(items.map(item => item.textContent).join('\n'))
    button.textContent = button.dataset.done
  })
  button.hidden = false
}

for (const button of document.querySelectorAll('[data-print]')) {
  button.addEventListener('click', () => print())
  button.hidden = false
}

// A second click sends nothing again: the first one is on its way.
for (const form of document.forms) {
  form.addEventListener('submit', event => {
    if (form.dataset.again !== undefined) {
      // The browser reads the fields after this event.
      setTimeout(() => {
        form.reset()
        for (const sentences of form.querySelectorAll('.errors')) sentences.remove()
        for (const field of form.elements) field.removeAttribute('aria-invalid')
        document.getElementById(form.dataset.again)?.removeAttribute('hidden')
      })
      return
    }
    if (form.dataset.sent !== undefined) {
      event.preventDefault()
      return
    }
    form.dataset.sent = ''
    form.setAttribute('aria-busy', 'true')
  })
}
// Back shows a page as it was left; its forms can be sent again.
addEventListener('pageshow', () => {
  for (const form of document.forms) {
    delete form.dataset.sent
    form.removeAttribute('aria-busy')
  }
})

for (const button of document.querySelectorAll('[data-countdown]')) {
  const text = button.textContent
  countDown(Number(button.dataset.countdown), left => {
    button.disabled = left > 0
    button.textContent = left > 0 ? `${text} (${left})` : text
  })
}

for (const sentence of document.querySelectorAll('[data-wait]')) {
  countDown(Number(sentence.dataset.wait), left => {
    sentence.textContent = sentence.dataset.text.replace('%', waitIn(left))
    if (left === 0) sentence.parentElement.hidden = true
  })
}

function countDown(seconds, tell) {
  const end = performance.now() + seconds * 1000
  const tick = () => {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000))
    tell(left)
    if (left > 0) setTimeout(tick, 1000)
  }
  tick()
}

/** A wait in words, as the server says it. */
function waitIn(seconds) {
  const [amount, unit] = seconds < 60 ? [seconds, 'second'] : [Math.ceil(seconds / 60), 'minute']
  const style = { style: 'unit', unit, unitDisplay: 'long' }
  return new Intl.NumberFormat(document.documentElement.lang, style).format(amount)
}
