import type { IncomingMessage } from 'node:http'

const ADDED = /^X-Amz-(?:Algorithm|Credential|Date|Expires|Security-Token|SignedHeaders|Signature)=/

/** A path with its query, without what a signature has added to it. */
export function withoutSignature(url: string): string {
  const [path = '', query = ''] = url.split('?', 2)
  const rest = query.split('&').filter((pair) => pair !== '' && !ADDED.test(pair))
  return rest.length === 0 ? path : `${path}?${rest.join('&')}`
}

/** The region of a signature, in the header or in the query; '' for a request without one. */
export function signedRegion({ headers, url = '' }: Pick<IncomingMessage, 'headers' | 'url'>): string {
  const inHeader = /Credential=([^,]+)/.exec(headers.authorization ?? '')?.[1]
  const credential = new URL(url, 'http://x').searchParams.get('X-Amz-Credential') ?? inHeader
  return credential?.split('/')[2] ?? ''
}
