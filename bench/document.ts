/**
 * The text with what stands between the marks of a section replaced. `owner`: whose sections they are, in their marks.
 * @throws when the text has no such section
 */
export function replaceSection(text: string, section: string, content: string, owner = 'bench'): string {
  const [open, close] = [`<!-- ${owner}:${section} -->`, `<!-- /${owner}:${section} -->`]
  const start = text.indexOf(open)
  const end = text.indexOf(close, start)
  if (start < 0 || end < 0) throw new Error(`there is no section ${open} … ${close}`)
  return `${text.slice(0, start + open.length)}\n${content.trim()}\n${text.slice(end)}`
}
