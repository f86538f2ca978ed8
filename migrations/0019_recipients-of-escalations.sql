ALTER TABLE `recipients` ADD `is_escalation` integer DEFAULT false NOT NULL;--> statement-breakpoint
UPDATE `recipients` SET `is_escalation` = true WHERE `why` LIKE 'escalation %';