ALTER TABLE `alerts` RENAME COLUMN "calls" TO "mention_count";--> statement-breakpoint
ALTER TABLE `alerts` RENAME COLUMN "call_reason" TO "mention_reason";--> statement-breakpoint
ALTER TABLE `alerts` RENAME COLUMN "suppressed_why" TO "suppression_reason";--> statement-breakpoint
ALTER TABLE `notifications` RENAME COLUMN "called" TO "mentioned_count";--> statement-breakpoint
ALTER TABLE `channels` RENAME COLUMN "given" TO "origin";--> statement-breakpoint
ALTER TABLE `silences` RENAME COLUMN "held" TO "suppressed_count";--> statement-breakpoint
ALTER TABLE `maintenances` RENAME COLUMN "held" TO "suppressed_count";--> statement-breakpoint
ALTER TABLE `maintenances` RENAME COLUMN "begun" TO "started";--> statement-breakpoint
ALTER TABLE `maintenances` RENAME COLUMN "over" TO "ended";--> statement-breakpoint
UPDATE `alerts` SET `mention_reason` = 'acknowledgement expired' WHERE `mention_reason` = 'given back';--> statement-breakpoint
UPDATE `suppression_settings` SET `name` = CASE `name`
  WHEN 'holdOff' THEN 'inhibitionDelay'
  WHEN 'settle' THEN 'recoveryGrace'
  WHEN 'flapWithin' THEN 'flapWindow'
  WHEN 'flapGood' THEN 'flapStableFor'
  WHEN 'stormPost' THEN 'stormMaxRemaining'
  ELSE `name` END;--> statement-breakpoint
ALTER TABLE `alerts` ADD `suppression` text;--> statement-breakpoint
ALTER TABLE `alerts` ADD `suppressor_id` integer;--> statement-breakpoint
UPDATE `alerts` SET
  `suppression` = CASE
    WHEN `suppressed_by` LIKE 'silence:%' THEN 'silence'
    WHEN `suppressed_by` LIKE 'maintenance:%' THEN 'maintenance'
    WHEN `suppressed_by` LIKE 'alert:%' THEN 'inhibition'
    WHEN `suppressed_by` LIKE 'storm:%' THEN 'storm'
    WHEN `suppressed_by` = 'settling' THEN 'awaiting-cause'
    WHEN `suppressed_by` = 'quiet' THEN 'quiet-hours' END,
  `suppressor_id` = CASE WHEN instr(`suppressed_by`, ':') > 0
    THEN cast(substr(`suppressed_by`, instr(`suppressed_by`, ':') + 1) AS integer) END
  WHERE `suppressed_by` IS NOT NULL;--> statement-breakpoint
DROP INDEX `alerts_suppressed`;--> statement-breakpoint
ALTER TABLE `alerts` DROP COLUMN `suppressed_by`;--> statement-breakpoint
CREATE INDEX `alerts_suppressed` ON `alerts` (`suppression`,`suppressor_id`) WHERE suppression is not null and state <> 'resolved';--> statement-breakpoint
ALTER TABLE `alerts` ADD `check_id` integer;--> statement-breakpoint
ALTER TABLE `alerts` ADD `host_id` integer;--> statement-breakpoint
UPDATE `alerts` SET `check_id` = cast(substr(`key`, 7) AS integer) WHERE `detector` = 'missed-beat' AND `key` LIKE 'check:%';--> statement-breakpoint
UPDATE `alerts` SET `host_id` = cast(substr(`key`, instr(`key`, ':') + 1) AS integer)
  WHERE `detector` IN ('lost-host', 'container', 'full-disk', 'unread-log') AND (`key` LIKE 'host:%' OR `key` LIKE 'container:%');--> statement-breakpoint
CREATE INDEX `alerts_host` ON `alerts` (`host_id`) WHERE host_id is not null and state <> 'resolved';--> statement-breakpoint
ALTER TABLE `alerts` ADD `card_update_at` integer;--> statement-breakpoint
UPDATE `alerts` SET `card_update_at` = (SELECT cast(`value` AS integer) FROM `key_values` WHERE `name` = 'untold:' || `alerts`.`id`)
  WHERE `id` IN (SELECT cast(substr(`name`, 8) AS integer) FROM `key_values` WHERE `name` LIKE 'untold:%');--> statement-breakpoint
DELETE FROM `key_values` WHERE `name` LIKE 'untold:%';--> statement-breakpoint
CREATE INDEX `alerts_card_update` ON `alerts` (`card_update_at`) WHERE card_update_at is not null;--> statement-breakpoint
CREATE TABLE `dismissed_alerts` (
	`key` text PRIMARY KEY NOT NULL,
	`host_id` integer NOT NULL,
	`severity` text NOT NULL,
	`dismissed_at` integer NOT NULL,
	FOREIGN KEY (`host_id`) REFERENCES `hosts`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `dismissed_alerts_host` ON `dismissed_alerts` (`host_id`);--> statement-breakpoint
INSERT INTO `dismissed_alerts` (`key`, `host_id`, `severity`, `dismissed_at`)
  SELECT `key`, `host_id`, `severity`, `dismissed_at` FROM (
    SELECT substr(`name`, 9) AS `key`,
      cast(substr(`name`, 9 + instr(substr(`name`, 9), ':')) AS integer) AS `host_id`,
      substr(`value`, instr(`value`, ' ') + 1) AS `severity`,
      cast(`value` AS integer) AS `dismissed_at`
    FROM `key_values` WHERE `name` LIKE 'settled:%')
  WHERE `host_id` IN (SELECT `id` FROM `hosts`);--> statement-breakpoint
DELETE FROM `key_values` WHERE `name` LIKE 'settled:%';--> statement-breakpoint
ALTER TABLE `alert_history` ADD `kind` text DEFAULT 'other' NOT NULL;--> statement-breakpoint
ALTER TABLE `alert_history` ADD `count` integer DEFAULT 1 NOT NULL;--> statement-breakpoint
UPDATE `alert_history` SET `kind` = CASE
  WHEN `what` LIKE 'fired: %' THEN 'fired'
  WHEN `what` LIKE 'seen again: %' OR `what` LIKE 'seen again, %' THEN 'repeated'
  WHEN `what` LIKE 'gone for now; %' THEN 'cleared'
  WHEN `what` LIKE 'on again; %' THEN 'fired-again'
  WHEN `what` = 'acknowledged' OR `what` LIKE 'acknowledged for %' THEN 'acknowledged'
  WHEN `what` = 'un-acknowledged' THEN 'unacknowledged'
  WHEN `what` LIKE 'the acknowledgement by % ran out and it still goes on%' THEN 'acknowledgement-expired'
  WHEN `what` LIKE 'snoozed for %' THEN 'snoozed'
  WHEN `what` LIKE 'the snooze by % ended and it still goes on%' THEN 'snooze-ended'
  WHEN `what` = 'reminded' THEN 'reminded'
  WHEN `what` LIKE 'reminded; nobody is called%' OR `what` LIKE 'not reminded of%' THEN 'reminder-skipped'
  WHEN `what` LIKE 'escalated to %' THEN 'escalated'
  WHEN `what` = 'noted' THEN 'noted'
  WHEN `what` LIKE 'held back by %' THEN 'suppressed'
  WHEN `what` LIKE '%; it still goes on' THEN 'released'
  WHEN `what` = 'no more alerts than usual come now' THEN 'storm-subsided'
  WHEN `what` IN ('recovered', 'resolved') THEN 'resolved'
  WHEN EXISTS (SELECT 1 FROM `action_runs` WHERE `action_runs`.`alert_id` = `alert_history`.`alert_id` AND instr(`what`, `action_runs`.`name` || ' ') = 1) THEN 'action'
  ELSE 'other' END;--> statement-breakpoint
UPDATE `alert_history` SET `count` = cast(substr(`what`, 13) AS integer) WHERE `what` LIKE 'seen again, %';
