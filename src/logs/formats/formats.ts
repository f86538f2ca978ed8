// The list of log formats that Vakt knows, in the order in which they are tried; another one is a file and a line here.
import { BACKUP } from './backup/backup.ts'
import { BEAM } from './beam/beam.ts'
import { BROKERS } from './brokers/brokers.ts'
import { AWS } from './clouds/aws.ts'
import { CLOUDS } from './clouds/clouds.ts'
import { GOOGLE } from './clouds/google.ts'
import { CLUSTERS } from './clusters/clusters.ts'
import { CONTAINER_ENGINES } from './containers/engines.ts'
import { KUBERNETES } from './containers/kubernetes.ts'
import { SHIPPERS } from './containers/shippers.ts'
import { MONGODB } from './databases/mongodb.ts'
import { MYSQL } from './databases/mysql.ts'
import { POSTGRES } from './databases/postgres.ts'
import { STORES } from './databases/stores.ts'
import { DOTNET_CONSOLE } from './dotnet/console.ts'
import { NLOG } from './dotnet/nlog.ts'
import { DOTNET_RECORDS } from './dotnet/records.ts'
import { SERILOG } from './dotnet/serilog.ts'
import type { Format } from './format.ts'
import { GO } from './go/go.ts'
import { GO_SHORT_LEVELS } from './go/klog.ts'
import { GO_RECORDS } from './go/records.ts'
import { JAVA_LAYOUTS } from './java/layouts.ts'
import { JAVA_RECORDS } from './java/records.ts'
import { JAVA_SERVERS } from './java/servers.ts'
import { SPRING_BOOT } from './java/spring-boot.ts'
import { JAVA_THREAD_LAYOUTS } from './java/thread-layouts.ts'
import { KERNEL } from './kernel/kernel.ts'
import { MAIL } from './mail/mail.ts'
import { BRACKETED_LEVELS } from './native/bracketed-level.ts'
import { NATIVE } from './native/native.ts'
import { SEPARATED_LEVELS } from './native/separated-level.ts'
import { TRANSLATED_LEVELS } from './native/translated-levels.ts'
import { CISCO } from './network/cisco.ts'
import { FIREWALLS } from './network/firewalls.ts'
import { SWITCHES } from './network/switches.ts'
import { NODE_CRASHES } from './node/crashes.ts'
import { NODE } from './node/node.ts'
import { SMALL_LEVELS } from './node/winston.ts'
import { PHONES } from './phones/phones.ts'
import { MONOLOG } from './php/monolog.ts'
import { PHP } from './php/php.ts'
import { PYTHON_LOGGING } from './python/logging.ts'
import { PYTHON_RECORDS } from './python/records.ts'
import { PYTHON_SERVICES } from './python/services.ts'
import { RUBY } from './ruby/ruby.ts'
import { RUST_RECORDS } from './rust/records.ts'
import { RUST } from './rust/rust.ts'
import { AUTOMATION } from './services/automation.ts'
import { SERVICES } from './services/services.ts'
import { JOURNAL } from './syslog/journal.ts'
import { SYSLOG } from './syslog/syslog.ts'
import { SYSLOG_VARIANTS } from './syslog/syslog-variants.ts'
import { VMWARE } from './virtualization/vmware.ts'
import { ACCESS_LOGS } from './web/access-logs.ts'
import { WEB_ERROR_LOGS } from './web/error-logs.ts'
import { PROXIES } from './web/proxies.ts'
import { WEB_RECORDS } from './web/records.ts'
import { WINDOWS } from './windows/windows.ts'

export const FORMATS: readonly Format[] = [
  ...CONTAINER_ENGINES,
  ...KUBERNETES,
  ...SHIPPERS,
  ...WINDOWS,
  ...CISCO,
  ...SWITCHES,
  ...SYSLOG,
  ...SYSLOG_VARIANTS,
  ...JOURNAL,
  ...ACCESS_LOGS,
  ...MONOLOG,
  ...PYTHON_SERVICES,
  ...JAVA_THREAD_LAYOUTS,
  ...JAVA_RECORDS,
  ...DOTNET_CONSOLE,
  ...DOTNET_RECORDS,
  ...PYTHON_RECORDS,
  ...GO_SHORT_LEVELS,
  ...GO,
  ...GO_RECORDS,
  ...NODE_CRASHES,
  ...RUBY,
  ...PHP,
  ...PROXIES,
  ...WEB_ERROR_LOGS,
  ...WEB_RECORDS,
  ...RUST_RECORDS,
  ...POSTGRES,
  ...MYSQL,
  ...MONGODB,
  ...STORES,
  ...BROKERS,
  ...CLUSTERS,
  ...FIREWALLS,
  ...SERVICES,
  ...AUTOMATION,
  ...PHONES,
  ...VMWARE,
  ...KERNEL,
  ...AWS,
  ...GOOGLE,
  ...CLOUDS,
  ...MAIL,
  ...BACKUP,
  ...SPRING_BOOT,
  ...NODE,
  ...JAVA_LAYOUTS,
  ...JAVA_SERVERS,
  ...SERILOG,
  ...NLOG,
  ...PYTHON_LOGGING,
  ...RUST,
  ...BEAM,
  ...NATIVE,
  ...SMALL_LEVELS,
  ...BRACKETED_LEVELS,
  ...SEPARATED_LEVELS,
  ...TRANSLATED_LEVELS,
]
