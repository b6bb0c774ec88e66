/** What the raw probe finds out, by name; each is a few words, the same from run to run. */
export const BEHAVIOURS = {
  'create-new': 'PUT If-None-Match: * where nothing is',
  'create-existing': 'PUT If-None-Match: * on a key that exists',
  'create-race': 'the same, 16 at once on a new key',
  'swap-stale': 'PUT If-Match with another ETag',
  'swap-missing': 'PUT If-Match, key missing',
  'swap-current': 'PUT If-Match with the current ETag, in quotes',
  'swap-unquoted': 'PUT If-Match with the current ETag, without quotes',
  'swap-race': 'PUT If-Match with the current ETag, 16 at once',
  'remove-stale': 'DELETE If-Match with another ETag',
  'remove-current': 'DELETE If-Match with the current ETag',
  'remove-unquoted': 'DELETE If-Match with the current ETag, without quotes',
  'remove-missing': 'DELETE If-Match, key missing',
  'remove-race': 'DELETE and 15 PUTs, all If-Match with the current ETag, at once',
  'copy-existing': 'CopyObject If-None-Match: * on a key that exists',
  'copy-stale-source': 'CopyObject with another x-amz-copy-source-if-match',
  'complete-existing': 'CompleteMultipartUpload If-None-Match: * on a key that exists',
  'complete-stale': 'CompleteMultipartUpload If-Match with another ETag',
  'complete-current': 'CompleteMultipartUpload If-Match with the current ETag',
  'part-copy-range': 'UploadPartCopy with a range',
  'part-copy-stale-source': 'UploadPartCopy with another x-amz-copy-source-if-match',
  'uploads-listed': 'ListMultipartUploads shows an open upload',
  'upload-aborted': 'CompleteMultipartUpload after AbortMultipartUpload',
  etags: 'quotes of ETags in PUT, HEAD, GET, LIST',
  'etags-agree': 'PUT, HEAD, GET and LIST show the same ETag',
  'list-tokens': 'ListObjectsV2, pages of 5 by token',
  'list-start-after': 'ListObjectsV2, pages of 5 by start-after',
  'list-start-after-missing': 'start-after a key that does not exist',
  'list-order': 'order of keys',
  'list-order-astral': 'order of keys outside of the first plane of Unicode',
  'list-encoding': 'encoding-type=url',
  'list-count': 'KeyCount',
  'list-delimiter': 'delimiter=/',
  'list-none': 'ListObjectsV2 of an unknown prefix',
  'list-time': 'resolution of LastModified in LIST',
  'get-unchanged': 'GET If-None-Match with the current ETag',
  'get-suffix': 'GET bytes=-100',
  'get-suffix-longer': 'GET of an end that is longer than the object',
  'get-suffix-empty': 'GET bytes=-100 of an empty object',
  'get-range': 'GET of a range',
  'get-range-stale': 'GET of a range, If-Match with another ETag',
  'get-beyond': 'GET of a range beyond the end',
  'get-missing': 'GET of a missing key',
  shows: 'GET, HEAD and LIST after PUT, overwrite and DELETE',
  'bodies-race': 'four PUTs of 6 MiB at once: what stands',
  'bodies-read': 'GET during PUTs of 6 MiB',
  'checksum-wrong': 'PUT with a wrong x-amz-checksum-sha256',
  'checksum-kept': 'x-amz-checksum-sha256 in HEAD',
  'payload-wrong': 'PUT whose bytes are not those of its signed hash',
  'signature-wrong': 'PUT with a wrong signature',
  'late-in-time': 'PUT with a signature in the query',
  'late-condition': 'the same with If-None-Match: * on a key that exists',
  'late-put': 'PUT with a signature in the query that has expired',
  'late-delete': 'DELETE with a signature in the query that has expired',
  'metadata-1900': '1,900 bytes of user metadata',
  'metadata-3000': '3,000 bytes of user metadata',
  'metadata-names': 'how names of user metadata come back',
  'date-header': 'Date in answers',
  clock: 'clock of the store against ours',
  'versions-root': 'root of the answer to ?versions',
  sse: 'PUT x-amz-server-side-encryption: AES256',
  'restart-left': 'object after the server was asked to end',
  'restart-killed': 'object after SIGKILL',
} as const

export type Behaviour = keyof typeof BEHAVIOURS

/** What a store did, in words. */
export type Words = Readonly<Record<Behaviour, string>>

/** All but what is left after a restart. */
export type LivingWords = Omit<Words, 'restart-left' | 'restart-killed'>

/** Counts of a race over some rounds; they differ from run to run. */
export interface Race {
  readonly rounds: number
  /** Rounds in which more than one won. */
  readonly bad: number
  /** The most winners of one round. */
  readonly most: number
  /** Rounds without a winner. */
  readonly without: number
  /** Of these, rounds after which a writer that came alone was refused, too. */
  readonly never: number
  /** Rounds after which something else stood than what the one winner has written. */
  readonly otherBody: number
  /** Answers that were neither a success nor 404, 409 or 412. */
  readonly errors: number
}

export interface Races {
  readonly create: Race
  readonly swap: Race
  readonly remove: Race
}

/** What the raw probe finds out about a store while it runs. */
export interface RawProbe {
  readonly words: LivingWords
  readonly races: Races
}

/** All that the raw probe finds out about a store. */
export interface ProbeRecord extends RawProbe {
  readonly words: Words
}
