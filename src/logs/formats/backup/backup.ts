// Backup and copying.
import type { Fields, Format } from '../format.ts'

export const BACKUP: readonly Format[] = [
  {
    kind: 'text',
    name: 'rclone',
    title: 'rclone',
    after: 'time',
    first: 'A-Z',
    has: ': ',
    pattern: /^(?<level>DEBUG|INFO|ERROR|CRITICAL|ALERT|EMERGENCY) {1,2}: (?<message>.*)$/s,
    examples: [
      {
        text: '2026/11/29 10:00:01 ERROR : notes.txt: Failed to copy: no space left on device',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'notes.txt: Failed to copy: no space left on device',
      },
      {
        text: '2026/11/29 10:00:01 INFO  : notes.txt: Copied (new)',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: 'notes.txt: Copied (new)',
      },
    ],
  },
  {
    kind: 'text',
    name: 'rsync',
    title: 'rsync --log-file and its daemon',
    after: 'time',
    first: '[',
    has: '] ',
    pattern:
      /^\[(?<pid>\d{1,10})\] (?<message>(?:(?<level>rsync error|rsync warning|rsync: |@ERROR)|(?=[a-z<>ch.*]{1,2}[fdLDS][a-zA-Z.+? ]{1,11} |building file list|sent \d|receiv|deleting |total size |created |connect |name lookup)).*)$/s,
    levels: { 'rsync error': 'error', 'rsync warning': 'warn', 'rsync: ': 'error', '@ERROR': 'error' },
    examples: [
      {
        text: '2026/11/29 10:00:01 [42] rsync error: some files/attrs were not transferred (see previous errors) (code 23) at main.c(1207) [sender=3.2.7]',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message:
          'rsync error: some files/attrs were not transferred (see previous errors) (code 23) at main.c(1207) [sender=3.2.7]',
        attributes: { pid: 42 },
      },
      {
        text: '2026/11/29 10:00:01 [42] rsync: [sender] link_stat "/srv/x" failed: No such file or directory (2)',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'rsync: [sender] link_stat "/srv/x" failed: No such file or directory (2)',
        attributes: { pid: 42 },
      },
      {
        text: '2026/11/29 10:00:01 [42] sent 1,234 bytes  received 42 bytes  total size 9,876',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: 'sent 1,234 bytes  received 42 bytes  total size 9,876',
        attributes: { pid: 42 },
      },
      {
        text: '2026/11/29 10:00:01 [42] <f+++++++++ notes.txt',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: '<f+++++++++ notes.txt',
        attributes: { pid: 42 },
      },
    ],
  },
  {
    kind: 'text',
    name: 'bacula',
    title: 'Bacula and Bareos',
    after: 'start',
    first: '0-9',
    has: ' JobId ',
    pattern:
      /^(?<time>\d\d-[A-Z][a-z]{2}(?:-\d{4})? \d\d:\d\d(?::\d\d)?) (?<source>[\w.-]{1,60}) JobId (?<job>\d{1,10}): (?:(?<level>Error|Warning|Fatal error): )?(?<message>.*)$/s,
    levels: { 'Fatal error': 'fatal' },
    examples: [
      {
        text: '29-Nov 10:00 backup-dir JobId 42: Fatal error: Network error with FD during Backup: ERR=Connection reset by peer',
        level: 'fatal',
        time: '2026-11-29T10:00:00Z',
        source: 'backup-dir',
        message: 'Network error with FD during Backup: ERR=Connection reset by peer',
        attributes: { job: 42 },
      },
      {
        text: '29-Nov-2026 10:00:01 backup-sd JobId 42: Warning: Volume "A1" not on device',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        source: 'backup-sd',
        message: 'Volume "A1" not on device',
        attributes: { job: 42 },
      },
      {
        text: '29-Nov 10:00 backup-dir JobId 42: Start Backup JobId 42, Job=web.2026-11-29',
        level: 'info',
        time: '2026-11-29T10:00:00Z',
        source: 'backup-dir',
        message: 'Start Backup JobId 42, Job=web.2026-11-29',
        attributes: { job: 42 },
      },
    ],
  },
  {
    kind: 'record',
    name: 'restic',
    title: 'restic --json',
    names: ['message_type'],
    read: readRestic,
    examples: [
      {
        text: '{"message_type":"error","error":{"message":"open /etc/x: permission denied"},"during":"archival","item":"/etc/x"}',
        level: 'error',
        time: null,
        message: 'open /etc/x: permission denied',
        attributes: {
          message_type: 'error',
          during: 'archival',
          item: '/etc/x',
          error: { message: 'open /etc/x: permission denied' },
        },
      },
      {
        text: '{"message_type":"exit_error","code":10,"message":"Fatal: repository does not exist"}',
        level: 'fatal',
        time: null,
        message: 'Fatal: repository does not exist',
        attributes: { message_type: 'exit_error', code: 10 },
      },
      {
        text: '{"message_type":"summary","files_new":5,"data_added":1234,"snapshot_id":"a1b2"}',
        level: 'info',
        time: null,
        message: 'message_type=summary files_new=5 data_added=1234 snapshot_id=a1b2',
        attributes: { message_type: 'summary', files_new: 5, data_added: 1234, snapshot_id: 'a1b2' },
      },
    ],
  },
]

function readRestic(record: Fields): Fields {
  const { message_type } = record
  if (message_type === 'error') return { ...record, level: 'error' }
  if (message_type === 'exit_error') return { ...record, level: 'fatal' }
  return { ...record, level: 'info' }
}
