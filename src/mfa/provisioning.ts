import { toString as drawQr } from 'qrcode'

type Provisioned = { readonly address: string; readonly issuer: string; readonly secret: string }

/**
 * The URI that an authenticator app reads, in the documented form: the address alone is the label, and
 * parameters with default values are left out. Encoding prevents added parameters (MFA-21).
 */
export function provisioningUri({ address, issuer, secret }: Provisioned): string {
  const [label, name] = [address, issuer].map(encodeURIComponent)
  return `otpauth://totp/${label}?secret=${secret}&issuer=${name}`
}

/** The URI as a QR code: the text of an SVG document that contains only two paths. */
export function drawUri(uri: string): Promise<string> {
  return drawQr(uri, { type: 'svg', errorCorrectionLevel: 'M', margin: 4 })
}
