CREATE TABLE `people_accounts` (
	`person` text NOT NULL,
	`platform` text NOT NULL,
	`account_id` text NOT NULL,
	PRIMARY KEY(`person`, `platform`),
	FOREIGN KEY (`person`) REFERENCES `people`(`name`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
INSERT INTO `people_accounts` (`person`, `platform`, `account_id`) SELECT `name`, 'discord', `discord` FROM `people` WHERE `discord` IS NOT NULL;--> statement-breakpoint
INSERT INTO `people_accounts` (`person`, `platform`, `account_id`) SELECT `name`, 'slack', `slack` FROM `people` WHERE `slack` IS NOT NULL;--> statement-breakpoint
INSERT INTO `people_accounts` (`person`, `platform`, `account_id`) SELECT `name`, 'telegram', `telegram` FROM `people` WHERE `telegram` IS NOT NULL;--> statement-breakpoint
INSERT INTO `people_accounts` (`person`, `platform`, `account_id`) SELECT `name`, 'email', `email` FROM `people` WHERE `email` IS NOT NULL;--> statement-breakpoint
ALTER TABLE `people` DROP COLUMN `discord`;--> statement-breakpoint
ALTER TABLE `people` DROP COLUMN `slack`;--> statement-breakpoint
ALTER TABLE `people` DROP COLUMN `telegram`;--> statement-breakpoint
ALTER TABLE `people` DROP COLUMN `email`;