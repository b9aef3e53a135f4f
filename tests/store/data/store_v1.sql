PRAGMA application_id = 1097036919;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE environments (
	environment_id TEXT NOT NULL, 
	fingerprint_id TEXT NOT NULL, 
	device TEXT, 
	details TEXT NOT NULL, 
	PRIMARY KEY (environment_id)
);
INSERT INTO "environments" VALUES('96ca7a0675bc37ce','dffeb00d0ee3','cpu','{"fingerprint":{"device":"cpu","memory_format":"contiguous","threads":"1"},"host":"here"}');
INSERT INTO "environments" VALUES('44136fa355b3678a','44136fa355b3',NULL,'{}');
CREATE TABLE epochs (
	run_id TEXT NOT NULL, 
	epoch INTEGER NOT NULL, 
	train_loss FLOAT, 
	train_accuracy FLOAT, 
	learning_rate FLOAT, 
	seconds FLOAT, 
	validation_loss FLOAT, 
	validation_accuracy FLOAT, 
	test_loss FLOAT, 
	test_accuracy FLOAT, 
	PRIMARY KEY (run_id, epoch), 
	FOREIGN KEY(run_id) REFERENCES runs (run_id) ON DELETE CASCADE
);
INSERT INTO "epochs" VALUES('a4a78dc82c8d5618ee33',1,1.0,10.0,0.1,4.0,NULL,NULL,NULL,NULL);
INSERT INTO "epochs" VALUES('a4a78dc82c8d5618ee33',2,0.5,20.0,0.1,4.0,NULL,NULL,NULL,NULL);
INSERT INTO "epochs" VALUES('a4a78dc82c8d5618ee33',3,3.33333333333333314829e-01,30.0,0.1,4.0,NULL,NULL,NULL,NULL);
INSERT INTO "epochs" VALUES('dd7b33c5e3b989c2a043',1,NULL,10.0,0.1,4.0,NULL,NULL,NULL,NULL);
CREATE TABLE leases (
	token INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	run_id TEXT NOT NULL, 
	host TEXT NOT NULL, 
	boot_id TEXT NOT NULL, 
	pid INTEGER NOT NULL, 
	process_start TEXT NOT NULL, 
	heartbeat FLOAT NOT NULL, 
	UNIQUE (run_id), 
	FOREIGN KEY(run_id) REFERENCES runs (run_id) ON DELETE CASCADE
);
INSERT INTO "leases" VALUES(4,'7e121bfc6138c2d706d9','elsewhere','boot',1,'1',1763900000.0);
CREATE TABLE looks (
	look_id INTEGER NOT NULL, 
	looked_at TEXT NOT NULL, 
	study TEXT, 
	what TEXT NOT NULL, 
	num_seeds INTEGER NOT NULL, 
	PRIMARY KEY (look_id)
);
INSERT INTO "looks" VALUES(1,'2026-11-23T20:18:32.447422+00:00','sample','analyze',2);
CREATE TABLE predictions (
	run_id TEXT NOT NULL, 
	packed BLOB NOT NULL, 
	PRIMARY KEY (run_id), 
	FOREIGN KEY(run_id) REFERENCES runs (run_id) ON DELETE CASCADE
);
INSERT INTO "predictions" VALUES('a4a78dc82c8d5618ee33',X'78DA63616067606460606001926C40920348030001960025');
CREATE TABLE probes (
	run_id TEXT NOT NULL, 
	packed BLOB NOT NULL, 
	PRIMARY KEY (run_id), 
	FOREIGN KEY(run_id) REFERENCES runs (run_id) ON DELETE CASCADE
);
INSERT INTO "probes" VALUES('a4a78dc82c8d5618ee33',X'70');
CREATE TABLE runs (
	run_id TEXT NOT NULL, 
	spec_hash TEXT NOT NULL, 
	cell_hash TEXT NOT NULL, 
	engine_version INTEGER NOT NULL, 
	seed BIGINT NOT NULL, 
	settings TEXT NOT NULL, 
	parameters BIGINT NOT NULL, 
	status TEXT NOT NULL, 
	attempts INTEGER NOT NULL, 
	accident TEXT, 
	test_accuracy FLOAT, 
	best_test_accuracy FLOAT, 
	validation_accuracy FLOAT, 
	train_accuracy FLOAT, 
	test_loss FLOAT, 
	num_epochs INTEGER, 
	train_seconds FLOAT, 
	images_per_second FLOAT, 
	weights_sha256 TEXT, 
	predictions_sha256 TEXT, 
	environment_id TEXT, 
	observed TEXT, 
	traceback TEXT, 
	recorded_at TEXT, 
	PRIMARY KEY (run_id), 
	FOREIGN KEY(environment_id) REFERENCES environments (environment_id)
);
INSERT INTO "runs" VALUES('a4a78dc82c8d5618ee33','2231f61f0996dba6ec78f12f1cec1046','4c5a0c4c3205da2d5e7828dc51f7fd16',1,0,'{"activation":"relu","data":"0000000000000000000000000000000000000000000000000000000000000000","model":"mlp","regularization":"bn","train":{"epochs":3}}',1000,'finished',1,NULL,54.0,NULL,NULL,60.0,3.33333333333333314829e-01,3,12.5,100.25,'38abf6a5989121e8739a7219b17fdbb392033fcb0b03a667b374ecd54cce1250','64c1459ae1bfabd10acee41b6cdf16afee849c384ca562fd8cfbfbfa2bd06609','96ca7a0675bc37ce','["probes"]',NULL,'2026-11-23T20:18:32.414211+00:00');
INSERT INTO "runs" VALUES('dd7b33c5e3b989c2a043','7171c8ec89dff6473924172e0b6359a3','4c5a0c4c3205da2d5e7828dc51f7fd16',1,1,'{"activation":"relu","data":"0000000000000000000000000000000000000000000000000000000000000000","model":"mlp","regularization":"bn","train":{"epochs":3}}',1000,'diverged',1,NULL,NULL,NULL,NULL,60.0,3.33333333333333314829e-01,1,12.5,100.25,'e264b75190f5c00c82a3fe06216baa02b057574de1b6843c657eeaf8e44995da',NULL,'96ca7a0675bc37ce','[]',NULL,'2026-11-23T20:18:32.432201+00:00');
INSERT INTO "runs" VALUES('bb5f2e97f18f7f5c816f','d8830ea1ab454c8ea74e09692c6c380b','529cf1fdad6a358e019ee3bd5c5d322a',1,0,'{"activation":"elu","data":"0000000000000000000000000000000000000000000000000000000000000000","model":"mlp","regularization":"bn","train":{"epochs":3}}',1000,'failed',1,NULL,NULL,NULL,NULL,NULL,NULL,0,0.0,NULL,NULL,NULL,'44136fa355b3678a','[]','ValueError: no','2026-11-23T20:18:32.440041+00:00');
INSERT INTO "runs" VALUES('7e121bfc6138c2d706d9','288e0cb2b39853b956231e3c750087ea','529cf1fdad6a358e019ee3bd5c5d322a',1,1,'{"activation":"elu","data":"0000000000000000000000000000000000000000000000000000000000000000","model":"mlp","regularization":"bn","train":{"epochs":3}}',1000,'pending',1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE studies (
	study TEXT NOT NULL, 
	study_hash TEXT NOT NULL, 
	started_at TEXT NOT NULL, 
	spec TEXT NOT NULL, 
	PRIMARY KEY (study, study_hash)
);
INSERT INTO "studies" VALUES('sample','717f522cecfc8c32','2026-11-23T20:18:32.374438+00:00','{"factors":{"activation":["relu","elu"],"dataset":["digits"],"model":["mlp"],"regularization":["bn"]},"name":"sample","seeds":[0,1],"train":{"epochs":3}}');
CREATE TABLE study_runs (
	study TEXT NOT NULL, 
	label TEXT NOT NULL, 
	run_id TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	dataset TEXT NOT NULL, 
	model TEXT NOT NULL, 
	regularization TEXT NOT NULL, 
	activation TEXT NOT NULL, 
	width FLOAT NOT NULL, 
	asked TEXT NOT NULL, 
	is_aliased BOOLEAN NOT NULL, 
	PRIMARY KEY (study, label, run_id), 
	FOREIGN KEY(run_id) REFERENCES runs (run_id) ON DELETE CASCADE
);
INSERT INTO "study_runs" VALUES('sample','05c16721b57c4c4a','a4a78dc82c8d5618ee33',0,'digits','mlp','bn','relu',1.0,'{"activation":"relu","dataset":"digits","model":"mlp","regularization":"bn","train":{"epochs":3}}',0);
INSERT INTO "study_runs" VALUES('sample','05c16721b57c4c4a','dd7b33c5e3b989c2a043',1,'digits','mlp','bn','relu',1.0,'{"activation":"relu","dataset":"digits","model":"mlp","regularization":"bn","train":{"epochs":3}}',0);
INSERT INTO "study_runs" VALUES('sample','71c3ffb9a896ebc7','bb5f2e97f18f7f5c816f',2,'digits','mlp','bn','elu',1.0,'{"activation":"elu","dataset":"digits","model":"mlp","regularization":"bn","train":{"epochs":3}}',0);
INSERT INTO "study_runs" VALUES('sample','71c3ffb9a896ebc7','7e121bfc6138c2d706d9',3,'digits','mlp','bn','elu',1.0,'{"activation":"elu","dataset":"digits","model":"mlp","regularization":"bn","train":{"epochs":3}}',0);
CREATE INDEX ix_runs_spec_hash ON runs (spec_hash);
CREATE INDEX ix_runs_status ON runs (status);
CREATE INDEX study_runs_in_order ON study_runs (study, position);
CREATE INDEX study_runs_of_run ON study_runs (run_id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('leases',4);
COMMIT;
