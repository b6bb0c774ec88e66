import type { ProxiedAnswer } from '../../support/faulty-proxy.ts'

/**
 * The answer of a store in which the object with this file name, of plain letters, is so many milliseconds older:
 * `LastModified` in listings, `Last-Modified` of the object itself. All else stays as it is.
 */
export function aged(answer: ProxiedAnswer, fileName: string, milliseconds: number): ProxiedAnswer {
  const earlier = (text: string): Date => new Date(Date.parse(text) - milliseconds)
  const { body, headers, line } = answer
  const [path = ''] = (line.split(' ')[1] ?? '').split('?')
  const lastModified = headers['last-modified']
  if (path.endsWith(`/${fileName}`) && lastModified !== undefined)
    return { ...answer, headers: { ...headers, 'last-modified': earlier(lastModified).toUTCString() } }
  const isMeant = new RegExp(`(?:[>/]|%2F)${fileName.replaceAll('.', '\\.')}</Key>`, 'i')
  const text = body.toString()
  if (!isMeant.test(text)) return answer
  const older = text.replace(/<Contents>.*?<\/Contents>/gs, (object) =>
    isMeant.test(object)
      ? object.replace(/(<LastModified>)([^<]*)/, (_, tag: string, time: string) => tag + earlier(time).toISOString())
      : object,
  )
  return { ...answer, body: Buffer.from(older) }
}
