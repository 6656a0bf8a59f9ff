<?php
// Installs the site, activates plugin and theme, and writes one post of each way; prints the posts' ids.
define( 'WP_INSTALLING', true );
$_SERVER['HTTP_HOST'] = parse_url( getenv( 'SITE' ), PHP_URL_HOST );
// In the place of WordPress's own, which sends a mail.
function wp_new_blog_notification() {}
require __DIR__ . '/config.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install( 'A review', 'editor', 'editor@reviews.example', true, '', 'not a secret' );
update_option( 'active_plugins', array( 'tallyship/tallyship.php' ) );
update_option( 'template', 'plain' );
update_option( 'stylesheet', 'plain' );
$posts = array(
	'[ship_vote tool="codestral-2" label="Codestral 2"]',
	"Before.\n\n" . TALLYSHIP_SERVER . "/tools/codestral-2\n\nAfter.",
	'[ship_vote label="Nothing"]',
);
echo implode( ' ', array_map( fn( $content ) => wp_insert_post( array( 'post_title' => 'A review', 'post_content' => $content, 'post_status' => 'publish' ) ), $posts ) );
