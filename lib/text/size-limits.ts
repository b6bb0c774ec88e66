/**
 * The most that is taken of what comes from a bucket, from an archive or from a store. What is over a limit is not
 * well-formed, or refused, and nothing of it is kept in memory. `docs/FORMAT.md` lists them for other implementations.
 */

const KIB = 1024
const MIB = 1024 * KIB

/** Bytes of one delta. */
export const MAX_DELTA = 64 * MIB
/** Entries and removals of one delta. */
export const MAX_DELTA_ITEMS = 250_000
/** Bytes of a delta that is no JSON text: a parser of YAML needs a thousand times as long. */
export const MAX_YAML_DELTA = 128 * KIB
/** Lines of such a delta. */
export const MAX_YAML_LINES = 4000
/** Scalars, marks and breaks of such a delta, as a scanner of YAML counts them. */
export const MAX_YAML_TOKENS = 50_000
/** Anchors and aliases of such a delta. */
export const MAX_YAML_ALIASES = 100
/** Levels of the nesting of JSON text. */
export const MAX_JSON_DEPTH = 256
/** Levels of the nesting of YAML text, as a parser counts them. go-yaml allows 10,000; people need ten. */
export const MAX_YAML_DEPTH = 200
/** Characters of one text in the `origin` of a delta; longer ones are left out. */
export const MAX_ORIGIN = 1024

/** Bytes of the defaults of a repository. */
export const MAX_CONFIG = 64 * KIB
/** Bytes of `index.yaml`, and of any other object that is held in memory. */
export const MAX_INDEX = 512 * MIB

/** Characters of a version, and of the name of a chart: no key is longer. */
export const MAX_NAME = 1024
/** Characters of a constraint for versions. */
export const MAX_CONSTRAINT = 1000

/** Bytes of a listing or another document of a store: a page of a thousand of the longest keys, encoded, has less. */
export const MAX_DOCUMENT = 16 * MIB
/** Of the body of a refusal, bytes: what is beyond them is not read. */
export const MAX_ERROR = 64 * KIB

/**
 * Bytes. Helm loads no archive that unpacks to more (helm/helm pkg/chart/v2/loader/archive.go), so none that is larger.
 */
export const MAX_ARCHIVE = 100 * MIB
/** Bytes. Helm's limit for the files of one chart, which it must stay below (helm/helm pkg/chart/loader/archive.go). */
export const MAX_CHART = 100 * MIB
/** Bytes. Helm's limit for one file; Helm 4.3 has none any more, but older ones that read the repository do. */
export const MAX_FILE = 5 * MIB
/** Bytes: three times Helm's limit, room for headers, for what is skipped, and for the archives of a few subcharts. */
export const MAX_UNPACKED = 300 * MIB
/** Files of a chart, those of the archives of its subcharts included. */
export const MAX_FILES = 20_000
/** Bytes of the path of a file in an archive: no file system takes more. */
export const MAX_PATH = 4096
/** Subcharts in subcharts. */
export const MAX_SUBCHART_DEPTH = 20
/**
 * Bytes of one Chart.yaml. Helm has no such limit, but what stands there stands in every index that lists the chart.
 */
export const MAX_CHART_YAML = 1 * MIB
/**
 * Bytes of all Chart.yaml files of a chart. A chart has some kilobytes; the parser needs a second or more for each
 * megabyte.
 */
export const MAX_METADATA = 4 * MIB
/** Bytes of YAML that is only checked. What is beyond them is taken as it is. */
export const MAX_CHECKED = 2 * MIB
/** Bytes of a provenance file: it holds a Chart.yaml. */
export const MAX_PROVENANCE = 2 * MIB
