/** Put in place of the name by scripts/build.mjs. */
declare const HELM_S3_VERSION: string

/** Version of this program as in package.json; `development` when it runs from its sources. */
export const PROGRAM_VERSION = typeof HELM_S3_VERSION === 'string' ? HELM_S3_VERSION : 'development'
