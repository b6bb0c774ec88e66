/**
 * Keeps the AWS SDK from printing its announcement about old Node versions on stderr, which Helm shows to users. Call
 * this before the SDK is loaded (@smithy/core, `emitWarningIfUnsupportedVersion`).
 */
export function silenceSdk(): void {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
}
