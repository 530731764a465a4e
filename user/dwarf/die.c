/* SPDX-License-Identifier: BSD-2-Clause */
#include "dwarf/die.h"

bool die_attr(Dwarf_Die *die, unsigned name, Dwarf_Attribute *attr)
{
	return dwarf_attr_integrate(die, name, attr) != NULL;
}

bool die_flag(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attr;
	bool flag = false;

	return die_attr(die, name, &attr) && dwarf_formflag(&attr, &flag) == 0 && flag;
}

bool die_is_declaration(Dwarf_Die *die)
{
	return die_flag(die, DW_AT_declaration) && !dwarf_hasattr(die, DW_AT_specification);
}

bool die_is_signed_form(const Dwarf_Attribute *attr)
{
	return attr->form == DW_FORM_sdata || attr->form == DW_FORM_implicit_const;
}

bool die_attr_number(Dwarf_Attribute *attr, s64 *value)
{
	Dwarf_Sword number;
	Dwarf_Word word;

	if (die_is_signed_form(attr)) {
		if (dwarf_formsdata(attr, &number) != 0)
			return false;
		*value = number;
		return true;
	}
	if (dwarf_formudata(attr, &word) != 0)
		return false;
	*value = (s64)word;
	return true;
}

bool die_number(Dwarf_Die *die, unsigned name, s64 *value)
{
	Dwarf_Attribute attr;

	return die_attr(die, name, &attr) && die_attr_number(&attr, value);
}

bool die_ref(Dwarf_Die *die, unsigned name, Dwarf_Die *target)
{
	Dwarf_Attribute attr;

	return die_attr(die, name, &attr) && dwarf_formref_die(&attr, target) != NULL;
}

unsigned die_line(Dwarf_Die *die, unsigned name)
{
	s64 line;

	return die_number(die, name, &line) && line > 0 ? (unsigned)line : 0;
}

bool die_is_block(Dwarf_Die *die)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_lexical_block:
	case DW_TAG_inlined_subroutine:
	case DW_TAG_try_block:
	case DW_TAG_catch_block: return true;
	default: return false;
	}
}

bool die_has_tags(Dwarf_Die *die)
{
	Dwarf_Die cu;
	int language;

	if (!dwarf_diecu(die, &cu, NULL, NULL))
		return true;
	language = dwarf_srclang(&cu);
	switch (language) {
	case DW_LANG_C_plus_plus:
	case DW_LANG_C_plus_plus_03:
	case DW_LANG_C_plus_plus_11:
	case DW_LANG_C_plus_plus_14:
	case DW_LANG_Rust:
	case DW_LANG_Go:
	case DW_LANG_D:
	case DW_LANG_Swift: return false;
	default: return true;
	}
}

bool die_first(Dwarf_Die *die, Dwarf_Die *child)
{
	return dwarf_child(die, child) == 0;
}

bool die_next(Dwarf_Die *child)
{
	return dwarf_siblingof(child, child) == 0;
}

bool die_origin(Dwarf_Die *die, Dwarf_Die *origin)
{
	Dwarf_Attribute attr;

	return dwarf_attr(die, DW_AT_abstract_origin, &attr) && dwarf_formref_die(&attr, origin);
}
