import { styleText } from 'node:util'

/** Colours of results. Each function takes and gives one piece of text. */
export interface Style {
  readonly heading: (text: string) => string
  readonly good: (text: string) => string
  readonly warning: (text: string) => string
  readonly bad: (text: string) => string
  readonly faint: (text: string) => string
}

/** `isOn` false: every text stays as it is. */
export function createStyle(isOn: boolean): Style {
  const paint = (format: Parameters<typeof styleText>[0]) => (text: string) => (isOn ? styleText(format, text, { validateStream: false }) : text)
  return { heading: paint('bold'), good: paint('green'), warning: paint('yellow'), bad: paint('red'), faint: paint('dim') }
}
