import { type Answer, type Service, setCookies } from './people.js'

/** A browser without script: asks for pages, posts forms, keeps cookies. */
export function newVisitor(service: Service, given: Iterable<[string, string]> = []) {
  const cookies = new Map(given)
  const own = { accept: 'text/html', 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'navigate' }
  async function send(request: Parameters<Service['inject']>[0]): Promise<Answer> {
    const answer = await service.inject({ ...request, cookies: Object.fromEntries(cookies) })
    for (const [name, value] of setCookies(answer)) {
      if (value === '') cookies.delete(name)
      else cookies.set(name, decodeURIComponent(value))
    }
    return answer
  }
  return {
    cookies,
    open: (url: string) => send({ method: 'GET', url, headers: own }),
    post: (url: string, fields: Readonly<Record<string, string>>) =>
      send({
        method: 'POST',
        url,
        // biome-ignore lint/suspicious/noExplicitAny: the injector takes a text too.
        payload: new URLSearchParams(fields).toString() as any,
        headers: {
          ...own,
          origin: 'null',
          'content-type': 'application/x-www-form-urlencoded'
        }
      })
  }
}
