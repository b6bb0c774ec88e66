/**
 * The order in which the charts of an index stand: that of the UTF-16 code units of their names, in both forms. Helm
 * writes YAML in another one, which is none to search by: `a9` stands before `a11b`, that before `a1b`, and that before
 * `a9` (yaml/go-yaml v2 sorter.go).
 */
export function compareChartNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
