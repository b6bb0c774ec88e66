import { spawnSync } from 'node:child_process'
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { type Edit, applyEdit } from '../simulation/edits.ts'
import { MUTANTS } from '../simulation/mutants.ts'
import { ROOT } from '../e2e/support/workplace.ts'
import type { Kind } from './plan.ts'

/** A program that is put under fire. */
export interface Subject {
  readonly name: string
  /** What it can do; undefined: everything. */
  readonly kinds: readonly Kind[] | undefined
  /** The command line of a form of it, without arguments. */
  readonly commands: Readonly<Partial<Record<'bundle' | 'executable', readonly string[]>>>
}

/** What a client of hypnoglow/helm-s3 can do, and says by its exit status. */
const OLD_KINDS: readonly Kind[] = ['push', 'force', 'delete', 'read']

/** The program with one rule broken: each has to be found out. */
export const BROKEN: Readonly<Record<string, { readonly rule: string; readonly edits: readonly Edit[] }>> = {
  'no-swap': mutant('index.yaml is written by compare-and-swap'),
  'no-create': mutant('an archive is put only where there is none'),
  'early-answer': {
    rule: 'nothing is acknowledged before the store has taken its delta',
    edits: [
      {
        file: 'protocol/write/append-delta.ts',
        find: 'for await (const _ of attempts(session, DELTA_RETRIES)) {',
        replace:
          "void store.put(key, body, { when: 'absent', contentType: 'application/yaml' }).catch(() => undefined)\n" +
          '  if (body.length > 0) return committed(minted, minted.date)\n' +
          '  for await (const _ of attempts(session, DELTA_RETRIES)) {',
      },
    ],
  },
}

export const SUBJECTS: readonly string[] = [
  'ours',
  ...Object.keys(BROKEN).map((name) => `broken:${name}`),
  'go-plugin',
  'stand-in',
]

function mutant(wanted: string): { readonly rule: string; readonly edits: readonly Edit[] } {
  const found = MUTANTS.find(({ rule }) => rule === wanted)
  if (found === undefined) throw new Error(`there is no mutant of this rule: ${wanted}`)
  return { rule: wanted, edits: [found, ...(found.also ?? [])] }
}

/**
 * Makes the program ready.
 * @param folder where a broken build is made
 * @throws Error when it is not built, or not to be had
 */
export async function openSubject(
  name: string,
  form: 'bundle' | 'executable' | 'both',
  folder: string,
): Promise<Subject> {
  if (name === 'ours') return ours(form)
  if (name === 'go-plugin') return goPlugin()
  if (name === 'stand-in') return standIn(folder)
  const broken = BROKEN[name.replace(/^broken:/, '')]
  if (broken === undefined) throw new Error(`there is no program ${name}; there are: ${SUBJECTS.join(', ')}`)
  if (form !== 'bundle') throw new Error('a broken build is a bundle: leave --form out')
  return { name, kinds: undefined, commands: { bundle: bundleIn(await buildBroken(broken.edits, folder)) } }
}

function ours(form: 'bundle' | 'executable' | 'both'): Subject {
  const bundle = bundleIn(ROOT)
  const executable = [join(ROOT, 'dist/helm-s3')]
  if (form !== 'executable' && !existsSync(bundle.at(-1) ?? ''))
    throw new Error('dist/helm-s3.cjs is missing: run `npm run build`')
  if (form !== 'bundle' && !existsSync(executable[0] ?? ''))
    throw new Error('dist/helm-s3 is missing: run `npm run build:executable`')
  return { name: 'ours', kinds: undefined, commands: { bundle, executable } }
}

function bundleIn(root: string): readonly string[] {
  return [process.execPath, '--no-warnings', join(root, 'dist/helm-s3.cjs')]
}

function goPlugin(): Subject {
  const program = process.env.HELM_S3_GO_PLUGIN
  if (program === undefined)
    throw new Error('HELM_S3_GO_PLUGIN names the program of the Go plugin; without it there is `--subject stand-in`')
  return { name: 'go-plugin', kinds: OLD_KINDS, commands: { bundle: [program] } }
}

/** A client that reads, changes and writes index.yaml, as the Go plugin does. */
async function standIn(folder: string): Promise<Subject> {
  const outfile = join(folder, 'stand-in.cjs')
  const entryPoints = [join(import.meta.dirname, 'read-modify-write.ts')]
  await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'cjs', logLevel: 'silent' })
  return { name: 'stand-in', kinds: OLD_KINDS, commands: { bundle: [process.execPath, outfile] } }
}

/** Builds the program from a copy of its source in which these places are replaced. @returns the folder */
async function buildBroken(edits: readonly Edit[], folder: string): Promise<string> {
  const copy = join(folder, 'broken')
  await mkdir(copy)
  for (const part of ['lib', 'scripts', 'bin', 'package.json', 'plugin.yaml', 'tsconfig.json', 'LICENSE'])
    await cp(join(ROOT, part), join(copy, part), { recursive: true })
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  for (const edit of edits) {
    const path = join(copy, 'lib', edit.file)
    await writeFile(path, applyEdit(await readFile(path, 'utf8'), edit))
  }
  const { status, stderr } = spawnSync(process.execPath, ['scripts/build.mjs'], { cwd: copy, encoding: 'utf8' })
  if (status !== 0) throw new Error(`the broken build fails: ${stderr}`)
  return copy
}
