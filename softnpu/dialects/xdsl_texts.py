"""What xDSL says of a text or an op, in an author's words.

xDSL's parser and the definitions of its ops speak of tokens, literals, attributes and constraints.
Each of the parser's texts has a row here; so have those by which an op's definition refuses it,
as far as the checks of `rules` do not come first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from xdsl.utils.exceptions import VerifyException

XDSL_ERRORS = (
    VerifyException,
    AssertionError,
    AttributeError,
    IndexError,
    KeyError,
    NotImplementedError,
    OverflowError,
    TypeError,
    ValueError,
)
"""What xDSL's op classes raise when they meet something that they did not reckon with."""

Rows = Sequence[tuple[str, str]]
"""Regular expression for a whole text, and what to say, `{0}` standing for its first group."""

PARSER: Rows = (
    # ops, regions, blocks, values
    (
        r"Could not parse entire input!",
        "the module is closed before this: here the text should end",
    ),
    (r"builtin\.module operation expected", "expected a module"),
    (r"operation name expected", "expected an op"),
    (r"Operation (\S+) is not registered", "there is no op '{0}'"),
    (r"Operation (\S+) does not have a custom format\.", 'write it as "{0}"(...)'),
    (r" in block definition", "expected an op, a block (^name:) or '}}'"),
    (r"re-declaration of block '(.*)'", "block ^{0} is defined twice"),
    (
        r"invalid block name in region with named arguments",
        "this region has arguments, so its first block has no name",
    ),
    (r"block argument expected|Expected block argument!", "expected an argument (%name)"),
    (r"Expected argument or type", "expected an argument (%name : type) or a type"),
    (r"successor expected|block-id expected", "expected a block (^name)"),
    (r"Expected region!", "expected a region: '{{ ... }}'"),
    (
        r"operand expected|Expected an operand\.|Expected result SSA value!",
        "expected a value (%name)",
    ),
    (r"Expected SSA value tuple size", "expected the number of values"),
    (r"Expected integer as SSA value tuple index", "expected the number of the value behind '#'"),
    (
        r"SSA value tuple index out of bounds\. Tuple is of size (\d+) but tried to access "
        r"element (\d+)\.",
        "there are {0} values of this name, counted from 0: there is no #{1}",
    ),
    (
        r"SSA value tuple (%\S+) is referenced with index (\d+), but has size (\d+)",
        "there are {2} values {0}, counted from 0, but #{1} is used",
    ),
    (
        r"SSA value (%\S+) is referenced with an index larger than its size",
        "a value {0}#N is used that this op does not have",
    ),
    (r"SSA value (%\S+) is already defined", "{0} is defined twice"),
    (r"SSA value used before assignment", "this value is used before it is defined"),
    (r"values used but not defined: \[(.*)\]", "{0} is not defined"),
    (
        r"operand is used with type (.*), but has been previously used or defined with type (.*)",
        "this value is used as {0} here, but as {1} before",
    ),
    (
        r"Result (\S+) is defined with type (.*), but used with type (.*)",
        "{0} has type {1}, but is used as {2} before this",
    ),
    (r"expected (\d+) operand types but had (\d+)", "there are {0} values, but {1} types"),
    (
        r"Mismatch between block argument count \((\d+)\) and operand count \((\d+)\)",
        "there are {0} arguments, but {1} types",
    ),
    (
        r"Attribute dictionary entry '(.*)' is already passed through the operation custom "
        r"assembly format\.",
        "'{0}' is given twice",
    ),
    (r"attributes (.*) are defined in other parts of the assembly format.*", "{0} is given twice"),
    (r"result types not found", "the types of the results are missing"),
    # names, aliases
    (r"expect symbol name", "expected a name (@name)"),
    (r"expect symbol visibility keyword", "expected public, private or nested"),
    (
        r"(?:identifier|Expected identifier)(?: or string literal)?(?: expected.*)?",
        "expected a name",
    ),
    (r"string literal expected.*|bytes literal expected.*", 'expected a string ("...")'),
    (r"[Ee]xpected attribute name\.?", "expected a name behind '#' or '!'"),
    (r"undefined symbol alias '(.*)'", "there is no alias {0} before this"),
    (r"re-declaration of alias '(.*)'", "the alias {0} is defined twice"),
    (r"'(.*)' is not registered", "there is no type or attribute '{0}'"),
    (r"Builtin (.*) is not supported yet!", "'{0}' is not supported"),
    (r"dialect (\S+) is not registered", "there is no dialect '{0}'"),
    (
        r"(?:builtin dialect|dialect \S+) (?:should have|doesn't have) an OpAsm.*|"
        r"got an error when parsing a resource: .*|got an unexpected key in file metadata: .*|"
        r"Expected a (?:dialect name|resource type key)|dense resource should have .*",
        "resources ({{-# ... #-}}) are not supported",
    ),
    # attributes
    (r"attribute expected", "expected an attribute: a number, a string, [...], {{...}}, @name ..."),
    (
        r"Expected bare-id or string-literal here as part of attribute entry!",
        "expected the name of an attribute",
    ),
    (
        r"Duplicate key '(.*)' in (?:dictionary attribute|properties dictionary)",
        "'{0}' is given twice",
    ),
    (
        r"Unbalanced '(.)' in dialect symbol body|"
        r"Unexpected closing parenthesis (?:.*) in attribute body!.*",
        "a bracket closes here that was not opened",
    ),
    (r"Unterminated string literal in dialect symbol body", "this string is not closed"),
    (
        r"Unexpected end of file (?:in dialect symbol body|before closing of attribute body!)",
        "the text ends within an attribute",
    ),
    (r"Opaque expects .*|opaque attribute must be typed!", "opaque attributes are not supported"),
    # types
    (r"type expected", "expected a type"),
    (r"function type expected", "expected the type of a function: (types) -> types"),
    (
        r"Expected either integer literal or '\?' in shape dimension, got .*",
        "expected a size: a number, or ?",
    ),
    (r"Expected integer literal in shape dimension, got .*", "expected a size"),
    (r"Unexpected dynamic dimension!", "expected a known size"),
    (r"Expected 'x' in shape delimiter, got .*", "expected 'x' and what follows in a shape"),
    (r"Expected shape type\.|Expected vector element type", "expected the type of the elements"),
    (r"Expected a MemRef layout attribute", "expected a layout: strided<...> or an affine map"),
    (r"Expected an integer literal or `\?`.*", "expected a number or ?"),
    (r"Expected `<` after `strided`", "expected '<'"),
    (r"Expected end of strided attribute or ',' for offset\.", "expected ', offset: N' or '>'"),
    (
        r"Complex type must be parameterized by an integer or float type!",
        "a complex number is of integers or floats",
    ),
    (r"Unranked tensors don't have an encoding!", "a tensor without shape has no encoding"),
    (r"`signless`, `signed`, or `unsigned` expected", "expected signless, signed or unsigned"),
    (r"Expected memref type", "expected a memref"),
    # numbers
    (r"Expected boolean literal.*", "expected true or false"),
    (r"Expected integer (?:or float )?literal after '-'", "expected a number behind '-'"),
    (r"Expected integer (?:literal|value).*|Expected IntegerAttr", "expected an integer"),
    (
        r"Expected float literal|integer\S*(?: boolean,)? or float literal expected.*|"
        r"Expected either a float, integer, or complex literal|"
        r"either an int or float must be present",
        "expected a number",
    ),
    (r"Expected non-negative integer values", "this number must not be negative"),
    (r"Boolean values are only allowed for i1 types", "true and false are of type i1"),
    (
        r"Floating point value is not valid for integer type\.",
        "a number with a point is of a float type, not of this one",
    ),
    (
        r"Invalid type given for integer or float attribute\.",
        "a number is of an integer, index or float type, not of this one",
    ),
    (r"No conversion from complex to float|Complex value must be either.*", "not a complex number"),
    # dense elements
    (r"Dense attribute must be typed!", "expected the type behind dense<...>"),
    (
        r"Expected memref, vector or tensor type of integer, index, float, or complex type",
        "expected a memref, vector or tensor of numbers",
    ),
    (r"Dense literal attribute should have a static shape\.", "the shape of dense<...> is fixed"),
    (
        r"Expected at least one element in the dense literal, but got None",
        "dense<> holds no elements, but its type does",
    ),
    (r"Hex string in denseAttr is invalid", "this is no string of hexadecimal digits"),
    (
        r"Shape mismatch in dense literal\. Expected (\d+) elements from the type, but got "
        r"(\d+) elements\.",
        "dense<...> holds {1} elements, its type {0}",
    ),
    (
        r"Shape mismatch in dense literal\. Expected (.*) shape from the type, but got "
        r"(.*) shape\.",
        "dense<...> is of shape {1}, its type of {0}",
    ),
    (
        r"Tensor literal has inconsistent ranks between elements",
        "the rows of dense<...> differ in length",
    ),
    (
        r"dense array element type must be an integer or floating point type",
        "an array is of integers or floats",
    ),
    # affine maps and loops
    (r"Identifier not in space (.*)", "the map has no dimension or symbol '{0}'"),
    (r"Expected primary expression", "expected a number, a dimension or a symbol"),
    (r"Unknown binary operator (.*)", "affine maps have no operator '{0}'"),
    (r"Expected closing parenthesis", "expected ')'"),
    (r"[Ee]xpected (?:an )?affine map(?: attr)?", "expected an affine map"),
    (
        r"(dim|symbol) operand count and affine map \w+ count must match",
        "the map takes other values",
    ),
    (
        r"loop bound affine map with multiple results requires '(.*)' prefix",
        "a bound of several results needs '{0}'",
    ),
    (
        r"expected an affine map or an integer for loop bound",
        "expected the bound of the loop: a number, a value or an affine map",
    ),
    (
        r"expected step to be representable as a positive signed integer",
        "the step of a loop is a positive number",
    ),
    (r"Expected (\S+) to return a \S+, but found: (.*)", "expected a vector, found {1}"),
    # vectors
    (r"requires memref or ranked tensor type", "expected a memref"),
    (r"requires vector type", "expected a vector"),
    (r"does not support masks with vector element type", "elements that are vectors have no mask"),
    (
        r"expected the same rank for the vector and the results of the permutation map",
        "the permutation map has one result for each dimension of the vector",
    ),
    # functions
    (
        r"Expected all arguments to be named or all arguments to be unnamed\.",
        "name all arguments, or none",
    ),
    (
        r"Expected function argument attributes before location\.",
        "an argument's attributes stand before its location",
    ),
    # characters
    (r"Unexpected character: (.*)", "'{0}' has no meaning here"),
    (r"@ identifier expected .*|Unexpected end of file after @\.", "expected a name behind '@'"),
    (r"Expected suffix identifier after .*", "expected a name behind this character"),
    (r"Expected three consecutive '\.' for an ellipsis", "'.' has no meaning here"),
    (r"End of file reached before closing string literal\.", "this string is not closed"),
    (r"Invalid string literal!", "this is no string"),
    (
        r"Incomplete escape sequence at end of string\.|Invalid escape sequence: .*",
        "'\\' needs n, t, \\, \" or two hexadecimal digits",
    ),
    # the rest
    (
        r"Expected '?[`'](.+?)[`'](?: after.*|after.*| in .*|function type signature expected|)",
        "expected '{0}'",
    ),
    (r"expected `(.+?)`", "expected '{0}'"),
    (r"'(.+?)' expected.*", "expected '{0}'"),
    (r"Expected one of (.*?)(?:, got .*| in .*|)", "expected one of {0}"),
    (r"Expected (`.*`)\.", "expected {0}"),
)
"""What the parser says; where something was expected, what was found follows."""

VERIFIER: Rows = (
    (
        r"Integer value (-?\d+) is out of range for type (\S+) which supports values in the range "
        r"\[(-?\d+), (-?\d+)\)",
        "{0} does not fit in {1}",
    ),
    (r"integer type bitwidth should be nonnegative \(got (.*)\)", "an integer has no {0} bits"),
    (r"property '(.*)' expected in operation '.*'", "it needs the attribute '{0}'"),
    (r"attribute '(.*)' expected in operation '.*'", "it needs the attribute '{0}'"),
    (r"property '(.*)' is not defined by the operation.*", "it has no attribute '{0}'"),
    (
        r"(operand|result) '(.*?)' at position (\d+) does not verify:\n"
        r"attribute (.*) expected from variable '.*', but got (.*)",
        "its {0} '{1}' must be of type {3}, as those before it are, found {4}",
    ),
    (
        r"(operand|result) '(.*?)' at position (\d+) does not verify:\n"
        r"Expected attribute (.*) but got (.*)",
        "its {0} '{1}' must be of type {3}, found {4}",
    ),
    (
        r"(operand|result) '(.*?)' at position (\d+) does not verify:\n(?:.|\n)*",
        "its {0} '{1}' is of a type that it does not take",
    ),
    (
        r"attribute (.*) expected from variable '.*', but got (.*)",
        "its types differ: {0} and {1}",
    ),
    (r"Unexpected attribute (.*)|(.*) should be of base attribute .*", "it does not take {0}{1}"),
    (r"'.*' must be the last operation in its parent block", "it must be the last op of its block"),
    (r"'.*' expects (?:parent|ancestor) op (?:to be one of )?(.*)", "it belongs into {0}"),
    (
        r"'.*' terminates with operation (\S+) instead of (\S+)",
        "its region ends with '{0}', but must with '{1}'",
    ),
)
"""What the definition of an op says."""


def of_parser(message: str, found: str) -> str:
    """What the parser's message means; `found` is the text at its place, "" at the end."""
    said = _translated(message, (*PARSER, *VERIFIER)) or message
    if said.startswith("expected") and ", found" not in said:
        said += f", found {_quoted(found)}"
    return said


def of_definition(error: Exception) -> str:
    """What it means when an op's class refuses an op, or fails at it."""
    if isinstance(error, OverflowError):
        return "a number does not fit its type"
    return _translated(str(error), VERIFIER) or "it is not valid as it stands"


def _quoted(found: str) -> str:
    if not found:
        return "the end of the text"
    return found if found.startswith('"') else f"'{found}'"


def _translated(message: str, rows: Rows) -> str | None:
    for pattern, said in rows:
        if (match := re.fullmatch(pattern, message)) is not None:
            return said.format(*(group or "" for group in match.groups()))
    return None
