import { lutimesSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { newDraft } from '../../lib/sys/drafts.ts'

/** More than an hour ago, seconds since 1970. */
const LONG_AGO = Date.now() / 1000 - 3601

type Make = (draft: string) => void

const half: Make = (draft) => {
  writeFileSync(draft, 'half')
}

/** A draft as a killed run leaves it: a file, or what `make` makes. @returns its path */
export function leaveDraft(folder: string, make = half): string {
  const draft = newDraft(folder)
  make(draft)
  return draft
}

/** Lets more than an hour pass for files and folders that nobody touches; links themselves, not what they lead to. */
export function letAge(...paths: readonly string[]): void {
  for (const path of paths) lutimesSync(path, LONG_AGO, LONG_AGO)
}

/** The paths of the drafts in a folder. */
export function draftsIn(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => name.startsWith('.helm-s3-draft-'))
  return names.map((name) => join(folder, name))
}
