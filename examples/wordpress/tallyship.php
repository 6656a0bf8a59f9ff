<?php
/**
 * Plugin Name: Tallyship
 * Description: [ship_vote tool="codestral-2" label="Codestral 2"] shows what panel and community say of a tool, live, and takes votes.
 * Version: 0.1.0
 * Requires PHP: 7.4
 * License: MIT OR Apache-2.0
 *
 * Copy this folder into wp-content/plugins, activate it, and name your server in wp-config.php:
 *     define( 'TALLYSHIP_SERVER', 'https://votes.example' );
 * The server must list the site's origin in TALLYSHIP_HTTP__ALLOWED_ORIGINS.
 */

defined( 'ABSPATH' ) || exit;

function tallyship_server() {
	return untrailingslashit( defined( 'TALLYSHIP_SERVER' ) ? TALLYSHIP_SERVER : 'http://127.0.0.1:8080' );
}

/** The numbers as HTML, at most a minute old; empty if the votes cannot be reached. They show until the script has loaded. */
function tallyship_figures( $tool ) {
	$address = tallyship_server() . '/fragment/' . rawurlencode( $tool ) . '.html?lang=' . rawurlencode( get_bloginfo( 'language' ) );
	$key     = 'tallyship_' . md5( $address );
	$html    = get_transient( $key );
	if ( false === $html ) {
		$answer = wp_remote_get( $address, array( 'timeout' => 2 ) );
		$html   = 200 === wp_remote_retrieve_response_code( $answer ) ? wp_remote_retrieve_body( $answer ) : '';
		// A server that does not answer must not hold up each page.
		set_transient( $key, $html, '' === $html ? 10 : MINUTE_IN_SECONDS );
	}
	return $html;
}

function tallyship_shortcode( $given ) {
	$names      = array( 'tool', 'label', 'compare', 'compare-label', 'theme', 'lang' );
	$attributes = array_filter( shortcode_atts( array_fill_keys( $names, '' ), $given, 'ship_vote' ) );
	if ( empty( $attributes['tool'] ) ) {
		return '<p>ship_vote: the tool is missing.</p>';
	}
	wp_enqueue_script( 'tallyship', tallyship_server() . '/embed/tallyship.js', array(), null, true );
	$html = '<ship-vote';
	foreach ( $attributes as $name => $value ) {
		$html .= sprintf( ' %s="%s"', $name, esc_attr( $value ) );
	}
	return $html . '>' . tallyship_figures( $attributes['tool'] ) . '</ship-vote>';
}
add_shortcode( 'ship_vote', 'tallyship_shortcode' );

add_action( 'wp_enqueue_scripts', function () {
	// Two rules that keep the element's space free while its script is on the way.
	wp_enqueue_style( 'tallyship', tallyship_server() . '/embed/tallyship.css', array(), null );
} );

add_action( 'init', function () {
	// The address of a tool or of a comparison, alone on its line, becomes an iframe.
	foreach ( array( 'tools', 'compare' ) as $kind ) {
		wp_oembed_add_provider( tallyship_server() . "/$kind/*", tallyship_server() . '/oembed' );
	}
} );
