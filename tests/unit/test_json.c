/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "base/json.h"

static void assert_written(struct json *json, const char *expected)
{
	struct error *err = json_end(json);

	assert_null(err);
	assert_string_equal(json->out->text, expected);
	strbuf_clear(json->out);
	json_begin(json, json->out);
}

static void test_nesting_and_commas(void **state)
{
	_cleanup_(strbuf_free) struct strbuf out = {0};
	struct json json;

	json_begin(&json, &out);
	json_object(&json);
	json_key(&json, "a");
	json_u64(&json, 1);
	json_key(&json, "b");
	json_array(&json);
	json_null(&json);
	json_bool(&json, true);
	json_object(&json);
	json_object_end(&json);
	json_array_end(&json);
	json_object_end(&json);
	assert_written(&json, "{\"a\":1,\"b\":[null,true,{}]}");
}

static void test_bytes_that_json_cannot_hold(void **state)
{
	_cleanup_(strbuf_free) struct strbuf out = {0};
	struct json json;

	json_begin(&json, &out);
	json_bytes(&json, "a\0\"\\\n\x1b\x7f\xc3\xa9\xff\xc0\x80\xed\xa0\x80", 15);
	assert_written(&json, "\"a\\u0000\\\"\\\\\\n\\u001b\\u007f\xc3\xa9\\\\xff\\\\xc0\\\\x80"
			      "\\\\xed\\\\xa0\\\\x80\"");
	json_string(&json, "\xe2\x80\xae\xf3\xa0\x81\x81\xf0\x9f\x98\x80");
	assert_written(&json, "\"\\u202e\\udb40\\udc41\xf0\x9f\x98\x80\"");
	assert_true(json_is_text("h\xc3\xa9", 3));
	assert_false(json_is_text("h\xc3", 2));
	json_string(&json, NULL);
	assert_written(&json, "null");
}

static void test_numbers_that_doubles_cannot_hold(void **state)
{
	_cleanup_(strbuf_free) struct strbuf out = {0};
	struct json json;

	json_begin(&json, &out);
	json_array(&json);
	json_u64(&json, 1ULL << 53);
	json_u64(&json, (1ULL << 53) + 1);
	json_s64(&json, -(1LL << 53) - 1);
	json_real(&json, 0.1);
	json_real(&json, -3);
	json_real(&json, NAN);
	json_real(&json, -INFINITY);
	json_hex(&json, 0xffff);
	json_array_end(&json);
	assert_written(&json, "[9007199254740992,\"9007199254740993\",\"-9007199254740993\","
			      "0.10000000000000001,-3.0,\"nan\",\"-inf\",\"0xffff\"]");
}

static void test_misuse_is_sticky(void **state)
{
	_cleanup_(strbuf_free) struct strbuf out = {0};
	_cleanup_(error_freep) struct error *err = NULL;
	struct json json;

	json_begin(&json, &out);
	json_object(&json);
	json_u64(&json, 1);
	json_object_end(&json);
	err = json_end(&json);
	assert_non_null(err);
	assert_non_null(strstr(err->text, "value without a key"));
}

static void test_depth_is_bounded(void **state)
{
	_cleanup_(strbuf_free) struct strbuf out = {0};
	_cleanup_(error_freep) struct error *err = NULL;
	struct json json;

	json_begin(&json, &out);
	for (int i = 0; i < 1000; i++)
		json_array(&json);
	err = json_end(&json);
	assert_non_null(err);
	assert_non_null(strstr(err->text, "nested too deep"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nesting_and_commas),
		cmocka_unit_test(test_bytes_that_json_cannot_hold),
		cmocka_unit_test(test_numbers_that_doubles_cannot_hold),
		cmocka_unit_test(test_misuse_is_sticky),
		cmocka_unit_test(test_depth_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
