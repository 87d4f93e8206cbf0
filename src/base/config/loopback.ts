/** Whether the host of a URL is this machine alone, as `URL` spells it. */
export const isLoopback = (hostname: string): boolean =>
  /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
