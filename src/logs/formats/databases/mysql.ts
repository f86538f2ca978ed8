// MySQL, MariaDB and Percona Server: error logs of versions 5 to 9, the general query log and the slow query log.
import type { TextFormat } from '../format.ts'

export const MYSQL: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'mysql',
    title: 'error log of MySQL and MariaDB',
    after: 'time',
    first: '0-9',
    has: '] ',
    pattern:
      /^(?<thread>\d{1,12}) \[(?<level>System|Note|Warning|Warn|ERROR|Error|Info)\] (?:\[(?<code>MY-\d{1,8})\] )?(?:\[(?<subsystem>[A-Za-z]{1,30})\] )?(?<message>.*)$/s,
    levels: { System: 'info', Note: 'info' },
    examples: [
      {
        text: '2026-11-29T10:00:01.123456Z 0 [ERROR] [MY-010119] [Server] Aborting',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Aborting',
        attributes: { thread: 0, code: 'MY-010119', subsystem: 'Server' },
      },
      {
        text: "2026-11-29T10:00:01.123456Z 12 [Warning] [MY-013360] [Server] Plugin mysql_native_password reported: 'deprecated'",
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: "Plugin mysql_native_password reported: 'deprecated'",
        attributes: { thread: 12, code: 'MY-013360', subsystem: 'Server' },
      },
      {
        text: '2026-11-29T10:00:01.123456Z 0 [System] [MY-010931] [Server] /usr/sbin/mysqld: ready for connections.',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: '/usr/sbin/mysqld: ready for connections.',
        attributes: { thread: 0, code: 'MY-010931', subsystem: 'Server' },
      },
      {
        text: '2026-11-29T10:00:01.123456Z 0 [Note] InnoDB: 5.7.40 started; log sequence number 12345',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'InnoDB: 5.7.40 started; log sequence number 12345',
        attributes: { thread: 0 },
      },
      {
        text: '2026-11-29 10:00:01 0 [Note] InnoDB: Buffer pool(s) load completed at 261129 10:00:01',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: 'InnoDB: Buffer pool(s) load completed at 261129 10:00:01',
        attributes: { thread: 0 },
      },
      {
        text: "2026-11-29  9:00:01 12 [ERROR] mariadbd: Table './shop/carts' is marked as crashed",
        level: 'error',
        time: '2026-11-29T09:00:01Z',
        message: "mariadbd: Table './shop/carts' is marked as crashed",
        attributes: { thread: 12 },
      },
      {
        text: "2026-11-29 10:00:01 12 [Warning] Aborted connection 12 to db: 'shop' user: 'app' host: '10.0.0.1' (Got timeout reading communication packets)",
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message:
          "Aborted connection 12 to db: 'shop' user: 'app' host: '10.0.0.1' (Got timeout reading communication packets)",
        attributes: { thread: 12 },
      },
      {
        text: '2026-11-29T11:00:01.123456+01:00 0 [ERROR] [MY-012592] [InnoDB] Operating system error number 13 in a file operation.',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Operating system error number 13 in a file operation.',
        attributes: { thread: 0, code: 'MY-012592', subsystem: 'InnoDB' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'mysql-5',
    title: 'error log of MySQL 5.0 to 5.6 and MariaDB 5',
    after: 'start',
    first: '0-9',
    has: ':',
    pattern: /^(?<time>\d{6} {1,2}\d{1,2}:\d\d:\d\d)[ \t]{1,4}(?:\[(?<level>Note|Warning|ERROR)\] )?(?<message>.*)$/s,
    levels: { Note: 'info' },
    examples: [
      {
        text: '261129 10:00:01 [ERROR] /usr/sbin/mysqld: Incorrect key file for table',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: '/usr/sbin/mysqld: Incorrect key file for table',
      },
      {
        text: "261129 10:00:01 [Note] Plugin 'FEDERATED' is disabled.",
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: "Plugin 'FEDERATED' is disabled.",
      },
      {
        text: '261129  9:00:01  InnoDB: Waiting for the background threads to start',
        level: 'info',
        time: '2026-11-29T09:00:01Z',
        message: 'InnoDB: Waiting for the background threads to start',
      },
      {
        text: '261129 10:00:01 mysqld_safe Starting mysqld daemon with databases from /var/lib/mysql',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: 'mysqld_safe Starting mysqld daemon with databases from /var/lib/mysql',
      },
    ],
  },
  {
    kind: 'text',
    name: 'mysql-query-log',
    title: 'general query log of MySQL and MariaDB',
    after: 'time',
    first: '\t 0-9',
    has: '\t',
    pattern:
      /^[\t ]{0,12}(?<thread>\d{1,12}) (?<command>Query|Connect|Quit|Init DB|Prepare|Execute|Close stmt|Reset stmt|Field List|Statistics|Change user|Binlog Dump)\t?(?<message>.*)$/s,
    level: 'info',
    examples: [
      {
        text: '2026-11-29T10:00:01.123456Z\t   12 Query\tSELECT error FROM jobs',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'SELECT error FROM jobs',
        attributes: { thread: 12, command: 'Query' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'mysql-slow-log',
    title: 'slow query log of MySQL and MariaDB',
    after: 'start',
    first: '#',
    has: '# Time: ',
    pattern: /^# Time: (?<time>.{13,40})$/,
    level: 'info',
    examples: [
      {
        text: '# Time: 2026-11-29T10:00:01.123456Z',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: '# Time: 2026-11-29T10:00:01.123456Z',
      },
      {
        text: '# Time: 261129 10:00:01',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: '# Time: 261129 10:00:01',
      },
    ],
  },
]
