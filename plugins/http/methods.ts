const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Whether a request with this method may change something (RFC 9110 §9.2.1). */
export const isUnsafe = (method: string): boolean => !safeMethods.has(method)
