// Message brokers and what coordinates them.
import type { TextFormat } from '../format.ts'

export const BROKERS: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'rabbitmq',
    title: 'RabbitMQ, EMQX and other Erlang programs with lager',
    after: 'time',
    first: '[',
    has: '] <',
    pattern:
      /^\[(?<level>[a-z]{4,9})\] <(?<process>\d{1,6}\.\d{1,10}\.\d{1,6})>(?:@(?<place>\S{1,200}))? (?<message>.*)$/s,
    examples: [
      {
        text: '2026-11-29 10:00:01.123456+00:00 [error] <0.723.0> Error on AMQP connection <0.723.0> (10.0.0.1:5000 -> 10.0.0.2:5672, state: starting)',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Error on AMQP connection <0.723.0> (10.0.0.1:5000 -> 10.0.0.2:5672, state: starting)',
        attributes: { process: '0.723.0' },
      },
      {
        text: '2026-11-29 10:00:01.123 [warning] <0.1.0> closing AMQP connection (client unexpectedly closed TCP connection)',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'closing AMQP connection (client unexpectedly closed TCP connection)',
        attributes: { process: '0.1.0' },
      },
      {
        text: '2026-11-29 10:00:01.123456+00:00 [notice] <0.44.0> Logging: switching to configured handler(s)',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Logging: switching to configured handler(s)',
        attributes: { process: '0.44.0' },
      },
      {
        text: '2026-11-29 10:00:01.123 [critical] <0.9.0>@rabbit_disk_monitor:1 disk space limit reached',
        level: 'fatal',
        time: '2026-11-29T10:00:01.123Z',
        message: 'disk space limit reached',
        attributes: { process: '0.9.0', place: 'rabbit_disk_monitor:1' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'kafka',
    title: 'Kafka, Kafka Connect, Schema Registry and other log4j layouts with the logger last',
    after: 'time',
    first: 'TDIWEF',
    has: ' (',
    pattern:
      /^(?<level>TRACE|DEBUG|INFO|WARN|ERROR|FATAL) {1,3}(?<message>.{1,10000}) \((?<logger>[\w$]{1,60}(?:\.[\w$]{1,100}){1,12})(?::(?<line>\d{1,6}))?\)$/s,
    examples: [
      {
        text: '[2026-11-29 10:00:01,123] ERROR [ReplicaManager broker=1] Error processing append operation on partition carts-0 (kafka.server.ReplicaManager)',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: '[ReplicaManager broker=1] Error processing append operation on partition carts-0',
        attributes: { logger: 'kafka.server.ReplicaManager' },
      },
      {
        text: '[2026-11-29 10:00:01,123] WARN [Controller id=1, targetBrokerId=2] Connection to node 2 could not be established. (org.apache.kafka.clients.NetworkClient)',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: '[Controller id=1, targetBrokerId=2] Connection to node 2 could not be established.',
        attributes: { logger: 'org.apache.kafka.clients.NetworkClient' },
      },
      {
        text: '[2026-11-29 10:00:01,123] INFO Started MetricReporter (io.confluent.MetricsReporter:12)',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Started MetricReporter',
        attributes: { logger: 'io.confluent.MetricsReporter', line: 12 },
      },
      {
        text: '[2026-11-29 10:00:01,123] FATAL [KafkaServer id=0] Fatal error during startup (kafka.server.KafkaServer)\njava.lang.IllegalStateException: no disk\n\tat kafka.server.KafkaServer.startup(KafkaServer.scala:200)',
        level: 'fatal',
        time: '2026-11-29T10:00:01.123Z',
        message: '[KafkaServer id=0] Fatal error during startup',
        stack: 'java.lang.IllegalStateException: no disk',
        attributes: { logger: 'kafka.server.KafkaServer' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'zookeeper',
    title: 'ZooKeeper, Storm and other log4j layouts with dashes',
    after: 'time',
    first: '-[',
    has: '] - ',
    pattern:
      /^(?:\[myid:(?<myid>\d{0,4})\] )?- (?<level>TRACE|DEBUG|INFO|WARN|ERROR|FATAL) {1,3}\[(?<thread>.{1,300}?)\] - (?<message>.*)$/s,
    examples: [
      {
        text: '2026-11-29 10:00:01,123 [myid:1] - WARN  [NIOWorkerThread-1:NIOServerCnxn@364] - Unexpected exception',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Unexpected exception',
        attributes: { myid: 1, thread: 'NIOWorkerThread-1:NIOServerCnxn@364' },
      },
      {
        text: '2026-11-29 10:00:01,123 - INFO  [QuorumPeer[myid=1]/0:0:0:0:0:0:0:0:2181:FastLeaderElection@774] - Notification time out: 3200',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Notification time out: 3200',
        attributes: { thread: 'QuorumPeer[myid=1]/0:0:0:0:0:0:0:0:2181:FastLeaderElection@774' },
      },
      {
        text: '2026-11-29 10:00:01,123 [myid:] - ERROR [main:ZooKeeperServerMain@63] - Invalid config, exiting abnormally',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Invalid config, exiting abnormally',
        attributes: { thread: 'main:ZooKeeperServerMain@63' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'nats',
    title: 'NATS and other programs with the process in brackets before the time',
    after: 'start',
    first: '[',
    has: ' [',
    pattern:
      /^\[(?<pid>\d{1,10})\] (?<time>\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?) \[(?<level>[A-Z]{3,5})\] (?<message>.*)$/s,
    examples: [
      {
        text: '[1] 2026/11/29 10:00:01.123456 [ERR] Error trying to connect to route (attempt 1): dial tcp 10.0.0.1:6222: connection refused',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Error trying to connect to route (attempt 1): dial tcp 10.0.0.1:6222: connection refused',
        attributes: { pid: 1 },
      },
      {
        text: '[1] 2026/11/29 10:00:01.123456 [INF] Server is ready',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Server is ready',
        attributes: { pid: 1 },
      },
      {
        text: '[7] 2026/11/29 10:00:01 [WRN] Maximum number of clients reached',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message: 'Maximum number of clients reached',
        attributes: { pid: 7 },
      },
      {
        text: '[7] 2026/11/29 10:00:01.123456 [FTL] JetStream: no space left on device',
        level: 'fatal',
        time: '2026-11-29T10:00:01.123Z',
        message: 'JetStream: no space left on device',
        attributes: { pid: 7 },
      },
    ],
  },
  {
    kind: 'text',
    name: 'epoch-colon',
    title: 'Mosquitto and other programs with seconds since 1970 and a colon',
    after: 'start',
    first: '1',
    has: ': ',
    pattern: /^(?<time>1\d{9}(?:\.\d{1,9})?): (?<message>.*)$/s,
    examples: [
      {
        text: '1795946401: New connection from 10.0.0.1:5000 on port 1883.',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: 'New connection from 10.0.0.1:5000 on port 1883.',
      },
      {
        text: '1795946401: Error: Unable to open log file /var/log/mosquitto.log for writing.',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'Error: Unable to open log file /var/log/mosquitto.log for writing.',
      },
      {
        text: '1795946401: Warning: Mosquitto should not be run as root/administrator.',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message: 'Warning: Mosquitto should not be run as root/administrator.',
      },
    ],
  },
  {
    kind: 'text',
    name: 'piped',
    title: 'ActiveMQ, Karaf, Solr and other layouts that part their columns by |',
    after: 'time',
    first: '|TDIWEF',
    has: '| ',
    pattern:
      /^\|? ?(?<level>TRACE|DEBUG|INFO|WARN|ERROR|FATAL) {0,4}\| (?<message>.{0,10000}?) \| (?<logger>[\w$.-]{1,200}) \| (?<thread>[^|]{1,200})$/s,
    examples: [
      {
        text: '2026-11-29 10:00:01,123 | ERROR | Failed to start Apache ActiveMQ (localhost, ID:mq-1) | org.apache.activemq.broker.BrokerService | main',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Failed to start Apache ActiveMQ (localhost, ID:mq-1)',
        attributes: { logger: 'org.apache.activemq.broker.BrokerService', thread: 'main' },
      },
      {
        text: '2026-11-29 10:00:01,123 | WARN  | Transport Connection to: tcp://10.0.0.1:5000 failed: java.io.EOFException | org.apache.activemq.broker.TransportConnection.Transport | ActiveMQ Transport: tcp:///10.0.0.1:5000',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Transport Connection to: tcp://10.0.0.1:5000 failed: java.io.EOFException',
        attributes: {
          logger: 'org.apache.activemq.broker.TransportConnection.Transport',
          thread: 'ActiveMQ Transport: tcp:///10.0.0.1:5000',
        },
      },
      {
        text: '2026-11-29 10:00:01,123 | INFO  | Apache ActiveMQ is starting | org.apache.activemq.broker.BrokerService | main',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Apache ActiveMQ is starting',
        attributes: { logger: 'org.apache.activemq.broker.BrokerService', thread: 'main' },
      },
    ],
  },
]
