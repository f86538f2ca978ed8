// The list of log formats that Vakt knows, in the order in which they are tried; another one is a file and a line here.
import { BROKERS } from './brokers/brokers.ts'
import { CLUSTERS } from './clusters/clusters.ts'
import { CONTAINER_ENGINES } from './containers/engines.ts'
import { MONGODB } from './databases/mongodb.ts'
import { MYSQL } from './databases/mysql.ts'
import { POSTGRES } from './databases/postgres.ts'
import { STORES } from './databases/stores.ts'
import type { Format } from './format.ts'
import { MONOLOG } from './php/monolog.ts'
import { SYSLOG } from './syslog/syslog.ts'
import { ACCESS_LOGS } from './web/access-logs.ts'

export const FORMATS: readonly Format[] = [
  ...CONTAINER_ENGINES,
  ...SYSLOG,
  ...ACCESS_LOGS,
  ...MONOLOG,
  ...POSTGRES,
  ...MYSQL,
  ...MONGODB,
  ...STORES,
  ...BROKERS,
  ...CLUSTERS,
]
