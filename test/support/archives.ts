import { gzipSync } from 'node:zlib'

/** One entry of a tar archive; what is not given is as `helm package` writes it. */
export interface TarPart {
  readonly name: string
  readonly content?: string | Uint8Array
  /** Type letter of the format: `0` a file, `2` a link, `5` a folder, `g` and `x` PAX headers, `L` a long name … */
  readonly type?: string
  readonly mode?: number
  /** Bytes that the header claims. */
  readonly size?: number
  /** Before the name, in archives of the ustar kind. */
  readonly prefix?: string
  /** `ustar`, `gnu` or, for archives from before there was one, `v7`. */
  readonly magic?: 'ustar' | 'gnu' | 'v7'
}

const MAGIC = { ustar: 'ustar\0' + '00', gnu: 'ustar  \0', v7: '' }

/** The block of a header, with its checksum. */
export function tarHeader({
  name,
  content = '',
  type = '0',
  mode = 0o644,
  size,
  prefix = '',
  magic = 'ustar',
}: TarPart): Buffer {
  const block = Buffer.alloc(512)
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0')
  block.write(name, 0, 100, 'utf8')
  block.write(octal(mode, 7), 100)
  block.write(octal(0, 7), 108)
  block.write(octal(0, 7), 116)
  block.write(octal(size ?? Buffer.byteLength(content), 11), 124)
  block.write(octal(1_700_000_000, 11), 136)
  block.write(type, 156, 'latin1')
  block.write(MAGIC[magic], 257, 'latin1')
  block.write(prefix, 345, 155, 'utf8')
  block.fill(' ', 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${octal(sum, 6)}\0 `, 148)
  return block
}

/** The entry with its content, padded to whole blocks. */
export function tarPart(part: TarPart): Buffer {
  const content = Buffer.from(part.content ?? '')
  return Buffer.concat([tarHeader(part), content, Buffer.alloc((512 - (content.length % 512)) % 512)])
}

export const END_OF_TAR = Buffer.alloc(1024)

/** A tar archive with its end mark. */
export function tar(...parts: readonly TarPart[]): Buffer {
  return Buffer.concat([...parts.map(tarPart), END_OF_TAR])
}

export function tgz(...parts: readonly TarPart[]): Buffer {
  return gzipSync(tar(...parts))
}

/** Chart.yaml of the chart `app` 1.0.0, or with other lines. */
export function chartYaml(text = 'apiVersion: v2\nname: app\nversion: 1.0.0\n'): TarPart {
  return { name: 'app/Chart.yaml', content: text }
}

/** A record of a PAX header. */
export function pax(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  let length = Buffer.byteLength(rest) + 1
  while (String(length).length + Buffer.byteLength(rest) !== length) length++
  return `${String(length)}${rest}`
}
