/** How an index text is divided into pages, in bytes. Tests use smaller ones. */
export interface PageSizes {
  /** A text whose charts have fewer bytes than this has no pages: it is read and written as a whole. */
  readonly tableFrom: number
  /** A page is closed when it has so many bytes. */
  readonly target: number
  /** A page that has grown beyond this is divided. */
  readonly most: number
  /** What remains behind the last page of a division joins that page when it is shorter than this. */
  readonly least: number
}

const KIB = 1024

export const PAGE_SIZES: PageSizes = {
  tableFrom: 384 * KIB,
  target: 256 * KIB,
  most: 512 * KIB,
  least: 64 * KIB,
}
