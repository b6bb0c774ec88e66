import { createRequire } from 'node:module'
import { compileFunction } from 'node:vm'

/** The program: the real one, or one with a broken rule. */
export type Product = typeof import('./parts.ts')

/** Loads what `bundleProduct` has made. */
export function loadProduct(code: string): Product {
  const module: { exports: unknown } = { exports: {} }
  const run = compileFunction(code, ['module', 'exports', 'require'], { filename: 'product.cjs' }) as (
    ...args: unknown[]
  ) => void
  run(module, module.exports, createRequire(process.execPath))
  return module.exports as Product
}
