import { toString as drawQr } from 'qrcode'

type Provisioned = { readonly address: string; readonly issuer: string; readonly secret: string }

/**
 * The URI that an authenticator app reads. The address alone is the label and the usual parameters
 * are left out, as the contract has it; both texts are encoded, so neither can add a parameter (MFA-21).
 */
export function provisioningUri({ address, issuer, secret }: Provisioned): string {
  const [label, name] = [address, issuer].map(encodeURIComponent)
  return `otpauth://totp/${label}?secret=${secret}&issuer=${name}`
}

/** The URI as a picture: the text of an SVG document that holds two paths and nothing else. */
export function drawUri(uri: string): Promise<string> {
  return drawQr(uri, { type: 'svg', errorCorrectionLevel: 'M', margin: 4 })
}
