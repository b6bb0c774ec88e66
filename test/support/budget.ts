/** Whether a run may take minutes, as `npm run test:properties` does. */
const IS_LONG = process.env['TEST_BUDGET'] === 'long'

/**
 * How many random inputs are tried: `runs` of them by `npm run test:properties`, which CI runs besides, and a twelfth
 * of them by `npm test`.
 */
export function budget(runs: number): number {
  return IS_LONG ? runs : Math.ceil(runs / 12)
}
