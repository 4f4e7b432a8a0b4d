"""English frames: loans: applying, interest, paying."""

from __future__ import annotations

from starter_data.frames import FollowUp, IntentFrames

FRAMES: tuple[IntentFrames, ...] = (
    IntentFrames(
        label="loan_apply",
        train=(
            "I want to apply for {loan} at {branch}.",
            "How do I apply for a {loan} loan in {branch}?",
            "What documents do I need for {loan} at {branch}?",
            "Can I borrow with {loan} through the {branch} branch?",
            "How long is the decision for {loan} in {branch}?",
            "I need money soon, can {branch} process {loan} quickly?",
            "Please explain the steps to get {loan} at {branch}.",
            "Who can apply for {loan} in {branch}?",
            "I would like to borrow through {loan}, my branch is {branch}.",
            "Is {loan} available at {branch}, and what should I bring?",
        ),
        test=(
            "Which papers does {branch} want to see before granting {loan}?",
            "Hoping to take a {loan} from {branch}, where do I start?",
            "If I hand in a {loan} request at {branch}, when will I hear back?",
            "What is required to be approved for {loan} by {branch}?",
        ),
        bare=(
            "How do I apply for a loan?",
            "I want to borrow money from the cooperative.",
            "What documents are needed for a loan application?",
            "Can a new member apply for a loan?",
            "What should I prepare before I ask for a loan?",
        ),
        switch=(
            "And to apply for {loan} at {branch}?",
            "What about {loan} in {branch}?",
            "And which papers for {loan} at {branch}?",
            "Suppose it is {loan} from {branch} instead?",
        ),
        clauses=(
            "Apply for {loan} at {branch} with {loan_document}; the decision takes {decision}.",
            "{branch} accepts {loan} applications. Bring {loan_document} and you get a decision "
            "in {decision}.",
        ),
        tails=(
            "You must have been a member for 3 months.",
            "The form is free at every branch.",
            "Please also bring your identity card.",
        ),
        follow_ups=(
            FollowUp(
                ("Do I need collateral?", "Is a guarantee needed?", "Must I give a guarantee?"),
                "What security do you ask for?",
                "Loans up to Rp 5,000,000 need no guarantee; above that one other member must "
                "sign as guarantor.",
            ),
            FollowUp(
                (
                    "What if I am rejected?",
                    "Can I apply again if it is refused?",
                    "And if the answer is no?",
                ),
                "Is there a second chance after a refusal?",
                "If it is refused we explain why, and you can apply again after 30 days.",
            ),
        ),
    ),
    IntentFrames(
        label="loan_rate",
        train=(
            "What is the interest of {loan} for {tenor}?",
            "How much interest do I pay on {loan} over {tenor}?",
            "If I take {loan} for {tenor}, what is the monthly rate?",
            "Is {loan} cheaper if I choose {tenor}?",
            "What's the highest amount and rate of {loan} for {tenor}?",
            "I'm thinking about {loan} for {tenor}. What interest rate is it?",
            "Could you tell me the loan rate of {loan} with {tenor}?",
            "What percent per month is {loan} with a term of {tenor}?",
            "How expensive is a {loan} loan of {tenor}?",
            "Does the rate of {loan} change if I borrow for {tenor}?",
        ),
        test=(
            "Borrowing through {loan} across {tenor}, how many percent is charged each month?",
            "What would {loan} cost me in interest when paid over {tenor}?",
            "For a {tenor} term, which rate comes with {loan}?",
            "I'm comparing loans: what does {loan} charge for {tenor}?",
        ),
        bare=(
            "What is the loan interest rate now?",
            "Which loan has the lowest interest?",
            "How much interest do you charge on loans?",
            "What is the maximum loan and its rate?",
            "How many percent a month does a loan cost?",
        ),
        switch=(
            "And for {loan} over {tenor}?",
            "What about {loan} for {tenor}?",
            "And if I choose {loan} with {tenor}?",
            "Would {loan} for {tenor} be charged less?",
        ),
        clauses=(
            "{loan} costs {loan_rate} interest a month, also for {tenor}.",
            "For {tenor} the interest of {loan} is {loan_rate} a month.",
        ),
        tails=(
            "You can borrow up to {limit}.",
            "The highest loan amount is {limit}.",
            "There is no administration fee.",
        ),
        follow_ups=(
            FollowUp(
                (
                    "Is the rate flat?",
                    "Is it a flat rate?",
                    "Is interest counted on the remaining loan?",
                ),
                "On which balance is it calculated?",
                "The interest is counted on the remaining loan, so it goes down every month.",
            ),
            FollowUp(
                (
                    "Can I pay it off early?",
                    "Is there a fine for paying early?",
                    "What if I finish the loan sooner?",
                ),
                "Do I save anything by closing it ahead of time?",
                "You can pay off early without a fine, and you only pay interest up to that month.",
            ),
        ),
    ),
    IntentFrames(
        label="loan_pay",
        train=(
            "How do I pay my {loan} instalment through {channel}?",
            "I want to pay the {loan} instalment with {channel}, when is it due?",
            "When is the due date of {loan} if I pay through {channel}?",
            "Can I pay {loan} with {channel} this month?",
            "I paid my {loan} instalment through {channel}, when is it recorded?",
            "My {loan} payment is almost due, can I use {channel}?",
            "What is the last date to pay {loan} through {channel}?",
            "Is it fine to pay the monthly {loan} bill with {channel}?",
            "How long until a {loan} payment through {channel} is recorded?",
            "I'd like to settle this month's {loan} instalment using {channel}.",
        ),
        test=(
            "By which date must {loan} be paid if I go through {channel}?",
            "Does {channel} work for the monthly {loan} instalments?",
            "Paying off my {loan} part for this month by {channel}, how does it work?",
            "My {loan} instalment went through {channel}, how soon do you see it?",
        ),
        bare=(
            "How do I pay my loan instalment?",
            "When is my instalment due?",
            "I will be late with my loan payment, what happens?",
            "Where can I pay the monthly instalment?",
            "What is the last day for this month's loan payment?",
        ),
        switch=(
            "And for {loan} through {channel}?",
            "What about paying {loan} with {channel}?",
            "And if I pay {loan} through {channel}?",
            "Does the same hold for {loan} by {channel}?",
        ),
        clauses=(
            "{loan} is due on {due} of each month; a payment through {channel} is recorded within "
            "{wait}.",
            "Yes, pay {loan} through {channel} before {due} of the month. It is recorded within "
            "{wait}.",
        ),
        tails=(
            "Please keep the receipt.",
            "Use your member number as the reference.",
            "A late payment costs Rp 5,000 a week.",
        ),
        follow_ups=(
            FollowUp(
                (
                    "What if I pay late?",
                    "Is there a fine when I'm late?",
                    "And if I cannot pay on time?",
                ),
                "What are the consequences of a delay?",
                "A late payment costs Rp 5,000 a week, so please tell us before the due date.",
            ),
            FollowUp(
                (
                    "Can you move the due date?",
                    "Can I pay on another date?",
                    "Is it possible to change the date?",
                ),
                "Might the deadline be shifted?",
                "The due date can be moved once a year at your branch, by at most 10 days.",
            ),
        ),
    ),
)
