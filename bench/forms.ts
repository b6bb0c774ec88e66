import type { IndexForm } from '../lib/core/index/index-text.ts'

/** The forms of an index that are measured. */
export const FORMS: readonly IndexForm[] = ['yaml', 'json']
